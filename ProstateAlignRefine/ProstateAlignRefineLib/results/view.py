"""What a picture shows of a volume: a square about the middle of the field, where the prostate lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.geometry import Array, Grid

VIEW_MM = 100.0


def in_view(values: Array, grid: Grid, size_mm: float) -> Array:
    """[..., Y, X] cut to what the square shows: beyond it, coil flare and skin fat are brighter than the gland."""
    left, top, right, bottom = _box(grid, size_mm)
    return values[..., max(top, 0) : bottom, max(left, 0) : right]


def view(picture: Array, grid: Grid, size_mm: float, pixels: int) -> Image.Image:
    """The square of colours [Y, X, 3] or of a mask [Y, X] (0 or 255), which stays one, at `pixels` along each side.

    Black beyond the field of view.
    """
    kept = Image.Resampling.NEAREST if picture.ndim == 2 else Image.Resampling.BICUBIC
    return Image.fromarray(picture).crop(_box(grid, size_mm)).resize((pixels, pixels), kept)


def on_view(lps: tuple[float, float, float], grid: Grid, size_mm: float, pixels: int) -> tuple[float, float]:
    """Where a point of space lies in the picture, in pixels from its left and top edge."""
    left, top, right, bottom = _box(grid, size_mm)
    x, y, _z = grid.to_index(lps)
    return (float(x) + 0.5 - left) * pixels / (right - left), (float(y) + 0.5 - top) * pixels / (bottom - top)


def edge_letters(grid: Grid) -> tuple[str, str, str, str]:
    """Which side of the patient lies at the left, right, top and bottom of a picture of one slice."""
    left, right = _letters(grid.axes[:, 0])
    top, bottom = _letters(grid.axes[:, 1])
    return left, right, top, bottom


def _letters(axis: NDArray[np.float64]) -> tuple[str, str]:
    """Where an axis (LPS) comes from and goes to."""
    largest = int(np.abs(axis).argmax())
    low, high = ("RL", "AP", "IS")[largest]
    return (low, high) if axis[largest] > 0 else (high, low)


def _box(grid: Grid, size_mm: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in pixels; it may reach beyond the grid."""
    half_x, half_y = (size_mm / 2 / spacing for spacing in grid.spacing[:2])
    x, y = grid.size[0] // 2, grid.size[1] // 2
    return round(x - half_x), round(y - half_y), round(x + half_x), round(y + half_y)
