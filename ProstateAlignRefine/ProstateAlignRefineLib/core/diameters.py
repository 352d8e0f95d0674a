"""A lesion's diameters as a radiologist takes them: longest axial, across it in the same slice, cranio-caudal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .extents import Extents, slice_outlines
from .geometry import Array, Grid, triple

Point = tuple[float, float, float]
Triple = tuple[int, int, int]
EQUAL_MM = 1e-9
BLOCK = 64
"""Corners whose ways to all others are worked out at once."""


@dataclass(frozen=True)
class Caliper:
    """A straight measure between two points, LPS mm."""

    start: Point
    end: Point

    @property
    def length_mm(self) -> float:
        """From end to end."""
        return float(np.linalg.norm(np.subtract(self.end, self.start)))

    @property
    def middle(self) -> Point:
        """Half way."""
        return triple(np.add(self.start, self.end) / 2)


@dataclass(frozen=True)
class Diameters:
    """`longest`: the longest line within one axial slice; `across`: the longest one at right angles to it in that
    slice, whose index in the grid is `slice`. `craniocaudal_mm`: along the slice normal, all slices that hold the
    lesion, each as thick as the step between them."""

    longest: Caliper
    across: Caliper
    craniocaudal_mm: float
    slice: int

    @property
    def text(self) -> str:
        """ "21 x 14 x 18 mm": longest axial, across, cranio-caudal."""
        lengths = (self.longest.length_mm, self.across.length_mm, self.craniocaudal_mm)
        return " x ".join(f"{length:.0f}" for length in lengths) + " mm"


def measure_diameters(
    inside: NDArray[np.bool_], first: Triple, grid: Grid, axes: Triple, extents: Extents
) -> Diameters:
    """Of a mask in a box of the grid, whose first voxel there is `first` (z, y, x); `axes` (of z, y, x): to the left,
    to the back and upward, along which the slices of `extents` follow each other.

    Points of the outline are the centres of voxel faces within the slice. Lines count as at right angles where they
    are so up to half a voxel.
    """
    left, back, up = axes
    longest = extents.in_a_slice
    number = min(n for n, length in extents.in_slices.items() if length >= longest - EQUAL_MM)
    plane = np.take(inside, [number], up)
    place = np.asarray(first) + number * (np.arange(3) == up)
    # By z, x and y: of equally long lines the first is taken, on every machine and however the corners were found.
    ends = np.argwhere(slice_outlines(plane, up).swapaxes(1, 2))[:, [0, 2, 1]]
    start, end = farthest(ends + place, grid, (left, back))
    across = _across(_outline(plane, (left, back)) + place, grid, (left, back), start, end)
    used = np.flatnonzero(inside.any(axis=tuple(axis for axis in range(3) if axis != up)))
    height = (int(used[-1]) - int(used[0]) + 1) * float(grid.spacing_zyx[up])
    return Diameters(_caliper(grid, start, end), _caliper(grid, *across), height, int(place[up]))


def farthest(index_zyx: Array, grid: Grid, axes: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two points, in voxels (z, y, x), that are farthest apart among the face centres of voxels [n, 3] along these
    axes (of z, y, x)."""
    spacing = np.asarray(grid.spacing_zyx)
    half = np.eye(3)[list(axes)] / 2
    # Of two voxels the farthest faces point away from each other, each along some axis.
    pairs = [(one, other) for one in half for other in half]
    outward = np.array([(one + other) * spacing for one, other in pairs])
    longest, found = -1.0, (index_zyx[0].astype(float), index_zyx[0].astype(float))
    for first in range(0, len(index_zyx), BLOCK):
        block = index_zyx[first : first + BLOCK]
        apart = (index_zyx - block[:, None]) * spacing
        size = np.abs(apart)
        reach = _told_apart((size**2).sum(axis=-1)[..., None] + 2 * size @ outward.T + (outward**2).sum(axis=1))
        if reach.max() > longest:
            longest = float(reach.max())
            one, other, pair = np.unravel_index(int(reach.argmax()), reach.shape)
            sign = np.where(apart[one, other] < 0, -1.0, 1.0)
            one_face, other_face = pairs[pair]
            found = (block[one] - sign * one_face, index_zyx[other] + sign * other_face)
    return found


def _across(
    points: NDArray[np.float64],
    grid: Grid,
    axes: tuple[int, int],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The longest line between points of a slice's outline at right angles to the one from `start` to `end`, all in
    voxels (z, y, x)."""
    spacing = np.asarray(grid.spacing_zyx)
    in_plane = list(axes)
    place = points[:, in_plane] * spacing[in_plane]
    along = ((end - start) * spacing)[in_plane]
    along /= np.linalg.norm(along)
    normal = np.array([-along[1], along[0]])
    forward, sideways = place @ along, place @ normal
    beside = np.abs(forward[:, None] - forward[None, :]) <= spacing[in_plane].min() / 2 + 1e-9
    reach = _told_apart(np.where(beside, sideways[:, None] - sideways[None, :], 0.0))
    one, other = np.unravel_index(int(reach.argmax()), reach.shape)
    end_point = points[other].copy()
    # Drawn at right angles: from one end by the measured length.
    end_point[in_plane] += reach[one, other] * normal / spacing[in_plane]
    return points[other], end_point


def _told_apart(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Equal ones stay equal, so that the first of them is taken on every machine."""
    return np.round(lengths, 6)


def _outline(plane: NDArray[np.bool_], axes: tuple[int, int]) -> NDArray[np.float64]:
    """Face centres of the outermost voxels of each row and each column of a slice [Z, Y, X], one voxel thick, in voxels
    (z, y, x)."""
    faces = []
    for axis in axes:
        lines = np.argwhere(plane.any(axis=axis, keepdims=True))
        first = plane.argmax(axis=axis, keepdims=True)
        last = plane.shape[axis] - 1 - np.flip(plane, axis).argmax(axis=axis, keepdims=True)
        for ends, half in ((first, -0.5), (last, 0.5)):
            points = lines.astype(float)
            points[:, axis] = ends[tuple(lines.T)] + half
            faces.append(points)
    return np.concatenate(faces)


def _caliper(grid: Grid, start: NDArray[np.float64], end: NDArray[np.float64]) -> Caliper:
    return Caliper(triple(grid.to_lps(start[::-1])), triple(grid.to_lps(end[::-1])))
