"""The anatomy head: which zone of the gland a place belongs to, learned beside the lesions (ours)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..bundle.config import Architecture
from ..core.anatomy import GlandZone
from .blocks import ONES, convolution


class AnatomyHead(nn.Module):
    """A 1x1x1 convolution on the second decoder level: zones are larger than the finest voxels, and it costs little.

    With two stages there is one level, the finest.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.level = min(1, len(architecture.features_per_stage) - 2)
        self.head = convolution(architecture.features_per_stage[self.level], len(GlandZone), ONES, bias=True)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Decoder features, finest first, to logits [B, 5, ...] of `GlandZone` at the level's size."""
        logits: Tensor = self.head(features[self.level])
        return logits
