"""The similarity head: how well each place of the image agrees with the text (paper: align)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..bundle.config import Architecture
from .blocks import ONES, convolution


class SimilarityHead(nn.Module):
    """Cosine between projected features and projected text, over a temperature.

    The paper takes the bottleneck and temperature 1; finer levels and a learnable temperature and bias are ours.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        settings = architecture.similarity
        self.levels = settings.levels
        self.image_projections = nn.ModuleList(
            convolution(architecture.features_per_stage[level], settings.width, ONES, bias=True)
            for level in settings.levels
        )
        self.text_projection = nn.Linear(architecture.text_width, settings.width, bias=False)
        log_scale = torch.tensor(-math.log(settings.temperature))
        if settings.learnable:
            self.log_scale = nn.Parameter(log_scale)
            self.bias = nn.Parameter(torch.zeros(()))
        else:
            self.register_buffer("log_scale", log_scale, persistent=False)
            self.register_buffer("bias", torch.zeros(()), persistent=False)

    def forward(self, maps: Sequence[Tensor], pooled: Tensor, size: Sequence[int]) -> Tensor:
        """Maps of all stages (finest first) and text [B, D] to similarity logits [B, 1, *size], float32.

        `size` is the full (z, y, x) size; the cosine is upsampled trilinearly. The sigmoid of the logits is the map.
        """
        text = functional.normalize(self.text_projection(pooled).float(), dim=-1)
        cosines = [
            functional.interpolate(self._cosine(project(maps[level]), text), list(size), mode="trilinear")
            for level, project in zip(self.levels, self.image_projections, strict=True)
        ]
        return torch.stack(cosines).mean(dim=0) * self.log_scale.exp() + self.bias

    @staticmethod
    def _cosine(features: Tensor, text: Tensor) -> Tensor:
        features = functional.normalize(features.float(), dim=1)
        # Not a matrix product: autocast would take that to bfloat16, two digits of a cosine.
        return (features * text[:, :, None, None, None]).sum(dim=1, keepdim=True)
