"""Every voxel's place in the gland's own coordinates, so that "left", "apex" and "behind" have something to hold to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import Grid
from .gland import Gland, body_axes

COORDINATES = ("left", "lateral", "height", "behind gland", "behind transition")
_SIDE_MM, _DEPTH_MM = 10.0, 15.0
_FARTHEST = 3.0
_HALF_WIDTH_MM, _HALF_HEIGHT_MM = 25.0, 22.0  # of an ordinary gland, where none was found


def gland_coordinates(gland: Gland | None, grid: Grid) -> NDArray[np.float32]:
    """[5, Z, Y, X] in the order of COORDINATES, about -3 to 3.

    Signed distance to the left of the mid-plane in 10 mm; the same as a share of the half-width; height from -1 at the
    apex to 1 at the base; distance behind the middle of the gland and of the transition zone in 15 mm. Without a gland
    an ordinary one is thought in the middle of the grid.
    """
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    points = grid.to_lps(index[:, ::-1])
    values = _ordinary(points, grid) if gland is None else _of(gland, points)
    return np.clip(np.stack(values), -_FARTHEST, _FARTHEST).astype(np.float32).reshape(len(COORDINATES), *grid.shape)


def _of(gland: Gland, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    left, back, up = gland.axes @ points.T
    a, b, c = gland.midplane
    offset = (left - a - b * back - c * up) / np.sqrt(1 + b * b + c * c)
    nearest = np.abs(gland.heights[:, None] - np.unique(up.round(3))).argmin(axis=0)
    nearest = nearest[np.searchsorted(np.unique(up.round(3)), up.round(3))]
    low, high = gland.ends
    return (
        offset / _SIDE_MM,
        offset / gland.half_widths[nearest],
        2 * (up - low) / max(high - low, 1e-6) - 1,
        (back - gland.middles[nearest]) / _DEPTH_MM,
        (back - gland.transition_middles[nearest]) / _DEPTH_MM,
    )


def _ordinary(points: NDArray[np.float64], grid: Grid) -> tuple[NDArray[np.float64], ...]:
    _, axes = body_axes(grid)
    left, back, up = axes @ (points - grid.centre).T
    return left / _SIDE_MM, left / _HALF_WIDTH_MM, up / _HALF_HEIGHT_MM, back / _DEPTH_MM, back / _DEPTH_MM
