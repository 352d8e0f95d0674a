"""The encoder of one modality."""

from __future__ import annotations

from torch import Tensor, nn

from ..bundle.config import Architecture
from .blocks import residual_stage


class Encoder(nn.Module):
    """One channel [B, 1, Z, Y, X] to the feature maps of every stage, finest first."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        features, kernels = architecture.features_per_stage, architecture.kernel_sizes
        self.stem = residual_stage(1, features[0], kernels[0])
        widths = (features[0], *features)
        self.stages = nn.ModuleList(
            residual_stage(widths[i], widths[i + 1], kernels[i], architecture.strides[i]) for i in range(len(features))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, 3, Z, Y, X] to a map of each stage, finest first."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps
