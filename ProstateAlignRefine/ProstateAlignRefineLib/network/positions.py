"""Where a voxel lies, as numbers attention can use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ..bundle.config import Triple

FREQUENCIES = 4


@dataclass(frozen=True)
class Window:
    """Where a network input lies in the region it was cut from: its first voxel and the region's size, (z, y, x).

    Tiles and training patches are given one, so that a voxel keeps its coordinates whichever tile it is seen in.
    """

    start: Triple
    region: Triple

    def mirrored(self, size: Sequence[int], dimensions: Sequence[int]) -> Window:
        """Where an input of `size` (z, y, x) lies once the patient is mirrored along `dimensions` (-3 is z, -1 x)."""
        start = list(self.start)
        for dimension in dimensions:
            start[dimension] = self.region[dimension] - size[dimension] - self.start[dimension]
        z, y, x = start
        return Window((z, y, x), self.region)


# One place for the whole batch, or one an image; None: the image is the whole region.
Windows: TypeAlias = Window | Sequence[Window] | None


class PositionCode(nn.Module):
    """Fourier code of coordinates normalised to -1..1 over the region, one learned linear map an axis, summed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.axes = nn.ModuleList(nn.Linear(2 * FREQUENCIES, width, bias=False) for _ in range(3))

    def forward(self, size: Sequence[int], windows: Windows, device: torch.device) -> Tensor:
        """[B, Z, Y, X, width] for inputs of `size` (z, y, x); B is 1 where all lie at the same place."""
        places = list(windows) if isinstance(windows, Sequence) else [windows]
        codes = {place: self._code(size, place, device) for place in dict.fromkeys(places)}
        return next(iter(codes.values()))[None] if len(codes) == 1 else torch.stack([codes[p] for p in places])

    def _code(self, size: Sequence[int], window: Window | None, device: torch.device) -> Tensor:
        """[Z, Y, X, width]"""
        start, region = (window.start, window.region) if window else ((0, 0, 0), tuple(size))
        z, y, x = (
            axis(_fourier(first, length, whole, device))
            for axis, first, length, whole in zip(self.axes, start, size, region, strict=True)
        )
        code: Tensor = z[:, None, None] + y[None, :, None] + x[None, None, :]
        return code


def _fourier(first: int, length: int, whole: int, device: torch.device) -> Tensor:
    """[length, 2 * FREQUENCIES]: sine and cosine of pi 2^k / 2 times the normalised coordinate of the voxel centres."""
    index = torch.arange(first, first + length, device=device, dtype=torch.float32)
    coordinate = (2 * index + 1) / whole - 1
    octaves = 2.0 ** torch.arange(FREQUENCIES, device=device, dtype=torch.float32)
    angles = coordinate[:, None] * octaves * (math.pi / 2)
    return torch.cat((angles.sin(), angles.cos()), dim=1)
