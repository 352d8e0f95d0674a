"""Boxes of voxels: the small part of a large volume in which anything happens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .geometry import Array, Grid


@dataclass(frozen=True)
class Box:
    """Half-open bounds of a block of voxels in z, y, x."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Of an array [Z, Y, X], which they cut without a copy."""
        return slice(self.low[0], self.high[0]), slice(self.low[1], self.high[1]), slice(self.low[2], self.high[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels in z, y, x; zero or less where the box is empty."""
        return self.high[0] - self.low[0], self.high[1] - self.low[1], self.high[2] - self.low[2]

    @property
    def extent(self) -> tuple[int, int, int, int, int, int]:
        """VTK's: first and last voxel in x, y, z."""
        (z, y, x), (z_end, y_end, x_end) = self.low, self.high
        return x, x_end - 1, y, y_end - 1, z, z_end - 1

    @classmethod
    def of_extent(cls, extent: Sequence[int]) -> Box:
        """From VTK's bounds, which may be those of an empty image."""
        x, x_last, y, y_last, z, z_last = (int(bound) for bound in extent)
        return cls((z, y, x), (z_last + 1, y_last + 1, x_last + 1))

    @property
    def empty(self) -> bool:
        """Whether it holds no voxel, as where two boxes that lie apart meet."""
        return any(size <= 0 for size in self.shape)

    def meet(self, other: Box) -> Box:
        """What both share; empty where they are apart."""
        low = tuple(max(a, b) for a, b in zip(self.low, other.low, strict=True))
        high = tuple(min(a, b) for a, b in zip(self.high, other.high, strict=True))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def join(self, other: Box) -> Box:
        """The smallest box around both."""
        low = tuple(min(a, b) for a, b in zip(self.low, other.low, strict=True))
        high = tuple(max(a, b) for a, b in zip(self.high, other.high, strict=True))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def grown(self, margins: Sequence[int], shape: Sequence[int]) -> Box:
        """As many voxels larger on either side of z, y, x, as far as a volume of `shape` goes."""
        low = tuple(max(start - margin, 0) for start, margin in zip(self.low, margins, strict=True))
        high = tuple(min(end + margin, size) for end, margin, size in zip(self.high, margins, shape, strict=True))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def placed_in(self, whole: Box) -> Box:
        """This box of an array that fills `whole`, counted as `whole` is."""
        low = tuple(a + b for a, b in zip(self.low, whole.low, strict=True))
        high = tuple(a + b for a, b in zip(self.high, whole.low, strict=True))
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def within(self, other: Box) -> tuple[slice, slice, slice]:
        """Index of this box's voxels in an array that fills `other`."""
        starts = [a - b for a, b in zip(self.low, other.low, strict=True)]
        parts = [slice(start, start + size) for start, size in zip(starts, self.shape, strict=True)]
        return parts[0], parts[1], parts[2]


def box_of(mask: Array) -> Box:
    """The smallest box around the voxels above zero; the first voxel alone where there is none."""
    flat = np.asarray(mask.any(axis=0))  # numpy is slow over two axes unless they are the last
    lines = mask.any(axis=(1, 2)), flat.any(axis=1), flat.any(axis=0)
    low, high = [], []
    for line in lines:
        used = np.flatnonzero(line)
        low.append(int(used[0]) if used.size else 0)
        high.append(int(used[-1]) + 1 if used.size else 1)
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def box_of_flat(indices: Array, shape: tuple[int, int, int]) -> Box:
    """The smallest box around voxels of a volume [Z, Y, X] of `shape`, given flat, at least one."""
    places = np.unravel_index(indices, shape)
    z, y, x = (int(axis.min()) for axis in places)
    return Box((z, y, x), (int(places[0].max()) + 1, int(places[1].max()) + 1, int(places[2].max()) + 1))


def boxes_of(labels: Array) -> list[tuple[int, Box]]:
    """The labels above 0 of a volume [Z, Y, X], rising, each with the box around its voxels."""
    _, height, width = labels.shape
    # By runs of equal labels within a row: there are far fewer of them than voxels.
    begins_run = np.ones(labels.shape, bool)
    np.not_equal(labels[..., 1:], labels[..., :-1], out=begins_run[..., 1:])
    begins = np.flatnonzero(begins_run)
    numbers = labels.ravel()[begins]
    ends = np.append(begins[1:], labels.size)
    order = np.flatnonzero(numbers > 0)
    if not order.size:
        return []
    order = order[np.argsort(numbers[order], kind="stable")]
    first, numbers = begins[order], numbers[order]
    rows, x = np.divmod(first, width)
    z, y = np.divmod(rows, height)
    starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
    low = [np.minimum.reduceat(axis, starts).tolist() for axis in (z, y, x)]
    x_end = x + ends[order] - first
    high = [np.maximum.reduceat(axis, starts).tolist() for axis in (z + 1, y + 1, x_end)]
    corners = zip(zip(*low, strict=True), zip(*high, strict=True), strict=True)
    return [(number, Box(*pair)) for number, pair in zip(numbers[starts].tolist(), corners, strict=True)]


def box_around(mask: Array, spacing_zyx: Sequence[float], margin_mm: float) -> Box:
    """The smallest box with at least `margin_mm` around the voxels above zero, as far as the mask's volume goes."""
    margins = [math.ceil(margin_mm / spacing) for spacing in spacing_zyx]
    return box_of(mask).grown(margins, mask.shape)


def crop_grid(grid: Grid, box: Box) -> Grid:
    """The grid of the box's voxels, at their place in LPS."""
    z, y, x = box.low
    depth, height, width = box.shape
    return grid.part((x, y, z), (width, height, depth))
