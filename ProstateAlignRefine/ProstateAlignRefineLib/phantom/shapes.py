"""Signed distances of simple solids (mm, negative inside) and smooth profiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .fields import Floats


def ellipsoid(
    canvas: Canvas, centre: NDArray[np.float64], radii: NDArray[np.float64], squareness: float = 2.0
) -> Floats:
    """About the distance to an ellipsoid; above 2 its axial sections are superellipses."""
    u = (canvas.x - np.float32(centre[0])) / np.float32(radii[0])
    v = (canvas.y - np.float32(centre[1])) / np.float32(radii[1])
    w = (canvas.z - np.float32(centre[2])) / np.float32(radii[2])
    if squareness == 2.0:
        section = u * u + v * v
    else:
        n = np.float32(squareness)
        section = (np.abs(u) ** n + np.abs(v) ** n) ** (2 / n)
    distance: Floats = (np.sqrt(section + w * w) - 1) * np.float32(np.prod(radii) ** (1 / 3))
    return distance


def ellipsoid_pair(canvas: Canvas, centre: NDArray[np.float64], radii: NDArray[np.float64]) -> Floats:
    """The same ellipsoid on both sides of the midline."""
    u = (np.abs(canvas.x) - np.float32(centre[0])) / np.float32(radii[0])
    v = (canvas.y - np.float32(centre[1])) / np.float32(radii[1])
    w = (canvas.z - np.float32(centre[2])) / np.float32(radii[2])
    distance: Floats = (np.sqrt(u * u + v * v + w * w) - 1) * np.float32(np.prod(radii) ** (1 / 3))
    return distance


def smooth_union(one: Floats, other: Floats, blend_mm: float) -> Floats:
    """The union of two solids with the crease between them filled over `blend_mm`."""
    k = np.float32(blend_mm)
    h = np.maximum(k - np.abs(one - other), 0) / k
    union: Floats = np.minimum(one, other) - h * h * k * np.float32(0.25)
    return union


def lerp_profile(t: Floats, knots: tuple[tuple[float, float], ...]) -> Floats:
    """Piecewise linear values at `t` through (position, value) knots."""
    positions, values = zip(*knots, strict=True)
    profile: Floats = np.interp(t, positions, values).astype(np.float32)
    return profile


def interpolate(position: float, knots: tuple[tuple[float, float], ...]) -> float:
    """Piecewise linear value at one position through (position, value) knots."""
    positions, values = zip(*knots, strict=True)
    return float(np.interp(position, positions, values))
