"""Masks on a flipped, turned or cropped copy of a voxel lattice, put back on the lattice itself without resampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.geometry import GRID_TOLERANCE_MM, Grid


def place_on(masks: NDArray[np.bool_], grid: Grid, target: Grid) -> NDArray[np.bool_]:
    """Masks [Z, Y, X, n] of `grid` on `target`, voxel for voxel.

    InputError where the voxel centres of the two grids differ by more than 1e-3 mm, or a mask reaches beyond `target`.
    """
    if masks.shape[:3] == target.shape and grid.matches(target):
        return masks
    voxels = np.argwhere(masks)
    index = target.to_index(grid.to_lps(voxels[:, 2::-1]))
    nearest = np.round(index).astype(int)
    if not _same_lattice(grid, target):
        raise InputError(
            "The lesions lie on another grid than the T2W series they are to refer to; "
            "resample them to the T2W series first."
        )
    if (nearest < 0).any() or (nearest >= target.size).any():
        raise InputError("A lesion reaches beyond the T2W series it is to refer to; take the series it was drawn on.")
    placed = np.zeros((*target.shape, masks.shape[3]), bool)
    placed[nearest[:, 2], nearest[:, 1], nearest[:, 0], voxels[:, 3]] = True
    return placed


def _same_lattice(grid: Grid, target: Grid) -> bool:
    """Whether every voxel centre of `grid` is one of `target`'s lattice, and their spacings agree."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.size])).reshape(3, -1).T
    steps = np.eye(3) + np.zeros(3)
    index = target.to_index(grid.to_lps(np.concatenate([corners, steps])))
    off = np.abs(target.to_lps(np.round(index)) - target.to_lps(index)).max()
    volume = np.prod(grid.spacing) / np.prod(target.spacing)
    return bool(off <= GRID_TOLERANCE_MM and abs(volume - 1) < 1e-4)
