"""Where the network reads: about the prostate, wherever in the images it lies."""

from __future__ import annotations

import numpy as np

from ..core.geometry import Grid
from .prompting import Region

NEAR_MM = 4.0
"""Nearer to the middle than this counts as there: what a further read would give differs no more than by its noise."""

MOST_READS = 3
"""A prostate at the region's edge is found, but not all of it: the second read tells better where its middle is."""


def about_gland(region: Region, field: Grid) -> Grid | None:
    """`region` moved by whole voxels, so that the gland found in it lies in its middle; None where it does already.

    `field`: all of the T2W on the same lattice. In plane the region may reach beyond it, along z it ends with the
    slices. None, too, where no plausible gland was found.
    """
    if region.gland is None:
        return None
    grid = region.grid
    steps = np.round(np.argwhere(region.gland)[:, ::-1].mean(axis=0) - (np.asarray(grid.size) - 1) / 2)
    first = np.round(field.to_index(grid.origin))[2]
    steps[2] = np.clip(steps[2], -first, field.size[2] - grid.size[2] - first)
    if np.linalg.norm(steps * np.asarray(grid.spacing)) <= NEAR_MM:
        return None
    return grid.part(steps, grid.size)
