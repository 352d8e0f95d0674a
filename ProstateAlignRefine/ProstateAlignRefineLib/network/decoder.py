"""The decoder with deep supervision."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..bundle.config import NUMBER_OF_CLASSES, Architecture, Triple
from .blocks import ONES, convolution, residual_stage


class DecoderLevel(nn.Module):
    """Nearest upsampling, 1x1x1 convolution to the skip's width, concatenation with the skip, two residual blocks."""

    def __init__(self, inputs: int, features: int, kernel: Triple, upsampling: Triple) -> None:
        super().__init__()
        self.upsampling = upsampling
        self.reduce = convolution(inputs, features, ONES)
        self.blocks = residual_stage(2 * features, features, kernel)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """`x` [B, C, Z, Y, X] of the level below, `skip` of this level, to the size of `skip`."""
        # A 1x1x1 convolution and nearest upsampling commute; convolving first works on the fewer voxels.
        x = functional.interpolate(self.reduce(x), scale_factor=[float(s) for s in self.upsampling], mode="nearest")
        merged: Tensor = self.blocks(torch.cat((x, skip), dim=1))
        return merged


class Decoder(nn.Module):
    """Levels and their segmentation heads, from the coarsest to the finest."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        features, kernels, strides = architecture.features_per_stage, architecture.kernel_sizes, architecture.strides
        self.levels = nn.ModuleList(
            DecoderLevel(features[i + 1], features[i], kernels[i], strides[i + 1])
            for i in reversed(range(len(features) - 1))
        )
        self.heads = nn.ModuleList(
            convolution(width, NUMBER_OF_CLASSES, ONES, bias=True) for width in reversed(features[:-1])
        )

    def forward(self, skips: list[Tensor]) -> list[Tensor]:
        """Fused maps (finest first, the bottleneck last) to decoder features of every level above it, finest first."""
        x = skips[-1]
        features: list[Tensor] = []
        for level, skip in zip(self.levels, reversed(skips[:-1]), strict=True):
            x = level(x, skip)
            features.insert(0, x)
        return features

    def logits(self, features: list[Tensor]) -> list[Tensor]:
        """Class logits of every level, finest first."""
        return [head(x) for head, x in zip(reversed(self.heads), features, strict=True)]

    def finest_logits(self, features: Tensor) -> Tensor:
        """Class logits of full-size features, by the head that base and refined features share."""
        logits: Tensor = self.heads[-1](features)
        return logits
