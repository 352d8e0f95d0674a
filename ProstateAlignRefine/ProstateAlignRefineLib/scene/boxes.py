"""Boxes of voxels: the small part of a large volume in which anything happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.geometry import Array, Grid
from ..core.maps import MAP_NAMES, Maps


@dataclass(frozen=True)
class Box:
    """Half-open bounds of a block of voxels in z, y, x."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        return slice(self.low[0], self.high[0]), slice(self.low[1], self.high[1]), slice(self.low[2], self.high[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.high[0] - self.low[0], self.high[1] - self.low[1], self.high[2] - self.low[2]

    @property
    def extent(self) -> tuple[int, int, int, int, int, int]:
        """VTK's: first and last voxel in x, y, z."""
        (z, y, x), (z_end, y_end, x_end) = self.low, self.high
        return x, x_end - 1, y, y_end - 1, z, z_end - 1

    def holds(self, other: Box) -> bool:
        return all(a <= b for a, b in zip(self.low, other.low, strict=True)) and all(
            a >= b for a, b in zip(self.high, other.high, strict=True)
        )


def box_of(mask: Array) -> Box:
    """The smallest box around the voxels above zero; the first voxel alone where there is none."""
    low, high = [], []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        low.append(int(used[0]) if used.size else 0)
        high.append(int(used[-1]) + 1 if used.size else 1)
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def crop_grid(grid: Grid, box: Box) -> Grid:
    """The grid of the box's voxels, at their place in LPS."""
    z, y, x = box.low
    depth, height, width = box.shape
    start = grid.to_lps((x, y, z))
    origin = (float(start[0]), float(start[1]), float(start[2]))
    return Grid((width, height, depth), grid.spacing, origin, grid.direction)


def crop_maps(maps: Maps, box: Box) -> Maps:
    """The maps' part in the box, as views."""
    return Maps(crop_grid(maps.grid, box), **{name: getattr(maps, name)[box.slices] for name in MAP_NAMES})
