"""Where a network input lies in the region it was cut from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """The input's first voxel and the region's size, (z, y, x).

    Tiles and training patches are given one, so that a voxel keeps its coordinates whichever tile it is seen in.
    """

    start: tuple[int, int, int]
    region: tuple[int, int, int]

    def mirrored(self, size: Sequence[int], dimensions: Sequence[int]) -> Window:
        """Where an input of `size` (z, y, x) lies once the patient is mirrored along `dimensions` (-3 is z, -1 x)."""
        start = list(self.start)
        for dimension in dimensions:
            start[dimension] = self.region[dimension] - size[dimension] - self.start[dimension]
        z, y, x = start
        return Window((z, y, x), self.region)

    def coordinates(self, size: Sequence[int]) -> list[NDArray[np.float32]]:
        """Of the voxel centres of an input of `size` (z, y, x): -1 to 1 over the region, an array an axis."""
        return [
            (2 * np.arange(first, first + length, dtype=np.float32) + 1) / np.float32(whole) - 1
            for first, length, whole in zip(self.start, size, self.region, strict=True)
        ]
