"""Building blocks of the network (docs/method.md): residual block, fusion of the encoders."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ..bundle.config import LEAKY_SLOPE, NORM_EPSILON, Triple

ONES: Triple = (1, 1, 1)


def convolution(inputs: int, outputs: int, kernel: Triple, stride: Triple = ONES, bias: bool = False) -> nn.Conv3d:
    """A convolution that keeps the size at stride 1, with He initialisation for leaky ReLU."""
    layer = nn.Conv3d(inputs, outputs, kernel, stride, (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2), bias=bias)
    nn.init.kaiming_normal_(layer.weight, a=LEAKY_SLOPE)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def normalization(features: int) -> nn.InstanceNorm3d:
    """Over each channel's voxels, with a learned scale and shift; statistics of each image alone."""
    return nn.InstanceNorm3d(features, eps=NORM_EPSILON, affine=True)


class ResidualBlock(nn.Module):
    """conv, norm, leaky ReLU, conv, norm, plus a shortcut, then leaky ReLU.

    The shortcut is a strided 1x1x1 convolution with bias in the first block of a stage, the identity in the others.
    """

    def __init__(self, inputs: int, outputs: int, kernel: Triple, stride: Triple = ONES, *, first: bool) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, kernel, stride)
        self.norm1 = normalization(outputs)
        self.conv2 = convolution(outputs, outputs, kernel)
        self.norm2 = normalization(outputs)
        self.shortcut: nn.Module = convolution(inputs, outputs, ONES, stride, bias=True) if first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, Z, Y, X] to as many channels as the block has, strided where it has a stride."""
        inner = functional.leaky_relu(self.norm1(self.conv1(x)), LEAKY_SLOPE)
        return functional.leaky_relu(self.norm2(self.conv2(inner)) + self.shortcut(x), LEAKY_SLOPE)


class ResidualStage(nn.Sequential):
    """Blocks one after the other. `recomputed`: training keeps what goes in alone, and computes the rest once more."""

    recomputed = False

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, Z, Y, X] through the blocks in turn; where recomputed, the backward pass keeps its input alone."""
        if not (self.recomputed and self.training and torch.is_grad_enabled()):
            return super().forward(x)  # type: ignore[no-any-return, no-untyped-call]
        again: Tensor = checkpoint(super().forward, x, use_reentrant=False)
        return again


def residual_stage(inputs: int, outputs: int, kernel: Triple, stride: Triple = ONES) -> ResidualStage:
    """Two residual blocks; the first changes the width and strides."""
    return ResidualStage(
        ResidualBlock(inputs, outputs, kernel, stride, first=True),
        ResidualBlock(outputs, outputs, kernel, first=False),
    )


class Fusion(nn.Module):
    """The encoders' maps of one stage, concatenated, to one map of the stage's width."""

    def __init__(self, encoders: int, features: int) -> None:
        super().__init__()
        self.conv = convolution(encoders * features, features, (3, 3, 3))
        self.norm = normalization(features)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Maps [B, C, Z, Y, X] of one size, side by side, to one."""
        return functional.leaky_relu(self.norm(self.conv(torch.cat(maps, dim=1))), LEAKY_SLOPE)
