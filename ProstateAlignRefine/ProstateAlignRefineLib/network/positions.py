"""Where a voxel lies, as numbers attention can use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ..core.window import Window

FREQUENCIES = 4


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
        z, y, x = size
        place = window or Window((0, 0, 0), (z, y, x))
        return self.of_coordinates([torch.from_numpy(axis).to(device) for axis in place.coordinates(size)])

    def of_coordinates(self, coordinates: Sequence[Tensor]) -> Tensor:
        """[Z, Y, X, width] from the coordinates of each axis, see `Window`."""
        z, y, x = (axis(_fourier(values)) for axis, values in zip(self.axes, coordinates, strict=True))
        code: Tensor = z[:, None, None] + y[None, :, None] + x[None, None, :]
        return code


def _fourier(coordinates: Tensor) -> Tensor:
    """[length, 2 * FREQUENCIES]: sine and cosine of pi 2^k / 2 times each of the coordinates."""
    octaves = 2.0 ** torch.arange(FREQUENCIES, device=coordinates.device, dtype=torch.float32)
    angles = coordinates[:, None] * octaves * (math.pi / 2)
    return torch.cat((angles.sin(), angles.cos()), dim=1)
