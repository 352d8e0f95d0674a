"""A lesion's diameters as a radiologist takes them: longest axial, across it in the same slice, cranio-caudal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .geometry import Array, Grid, triple

Point = tuple[float, float, float]
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


def measure_diameters(index_zyx: Array, grid: Grid, axes: tuple[int, int, int]) -> Diameters:
    """Of voxels [n, 3]; `axes` (of z, y, x): to the left, to the back and upward.

    Points of the outline are the centres of voxel faces within the slice. Lines count as at right angles where they
    are so up to half a voxel.
    """
    left, back, up = axes
    planes = index_zyx[:, up]
    steps = grid.spacing_zyx
    number, start, end = _longest_of_slices(
        {int(number): index_zyx[planes == number] for number in np.unique(planes)}, grid, (left, back)
    )
    across = _across(index_zyx[planes == number], grid, (left, back), start, end)
    height = (int(planes.max()) - int(planes.min()) + 1) * float(steps[up])
    return Diameters(_caliper(grid, start, end), _caliper(grid, *across), height, number)


def farthest(index_zyx: Array, grid: Grid, axes: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two points, in voxels (z, y, x), that are farthest apart among the face centres of voxels along these axes
    (of z, y, x)."""
    spacing = np.asarray(grid.spacing_zyx)
    corners = _row_ends(index_zyx)
    half = np.eye(3)[list(axes)] / 2
    # Of two voxels the farthest faces point away from each other, each along some axis.
    pairs = [(one, other) for one in half for other in half]
    outward = np.array([(one + other) * spacing for one, other in pairs])
    longest, found = -1.0, (corners[0].astype(float), corners[0].astype(float))
    for first in range(0, len(corners), BLOCK):
        block = corners[first : first + BLOCK]
        apart = (corners - block[:, None]) * spacing
        size = np.abs(apart)
        reach = _told_apart((size**2).sum(axis=-1)[..., None] + 2 * size @ outward.T + (outward**2).sum(axis=1))
        if reach.max() > longest:
            longest = float(reach.max())
            one, other, pair = np.unravel_index(int(reach.argmax()), reach.shape)
            sign = np.where(apart[one, other] < 0, -1.0, 1.0)
            one_face, other_face = pairs[pair]
            found = (block[one] - sign * one_face, corners[other] + sign * other_face)
    return found


def _longest_of_slices(
    slices: Mapping[int, Array], grid: Grid, axes: tuple[int, int]
) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """The number of the first slice that holds the longest line within any, and that line's ends."""
    steps = np.asarray(grid.spacing_zyx)
    # No line is longer than the diagonal of the box around a slice's voxels.
    most = {n: float(np.linalg.norm(((np.ptp(v, axis=0) + 1) * steps)[list(axes)])) for n, v in slices.items()}
    longest, lines = -1.0, {}
    for number in sorted(slices, key=most.__getitem__, reverse=True):
        if most[number] < longest - EQUAL_MM:
            break
        start, end = farthest(slices[number], grid, axes)
        length = float(np.linalg.norm((end - start) * steps))
        longest = max(longest, length)
        lines[number] = length, start, end
    number = min(number for number, (length, *_) in lines.items() if length >= longest - EQUAL_MM)
    return number, *lines[number][1:]


def _across(
    plane: Array, grid: Grid, axes: tuple[int, int], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The longest line at right angles to the one from `start` to `end`, in voxels (z, y, x)."""
    spacing = np.asarray(grid.spacing_zyx)
    in_plane = list(axes)
    points = _outline(plane, axes)
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


def _outline(plane: Array, axes: tuple[int, int]) -> NDArray[np.float64]:
    """Face centres of the outermost voxels of each row and each column of a slice, in voxels (z, y, x)."""
    faces = []
    for axis, other in (axes, axes[::-1]):
        order = np.lexsort((plane[:, axis], plane[:, other]))
        rows = plane[order]
        new = np.diff(rows[:, other]) != 0
        half = np.eye(3)[axis] / 2
        faces += [rows[np.concatenate([[True], new])] - half, rows[np.concatenate([new, [True]])] + half]
    return np.concatenate(faces)


def _caliper(grid: Grid, start: NDArray[np.float64], end: NDArray[np.float64]) -> Caliper:
    return Caliper(triple(grid.to_lps(start[::-1])), triple(grid.to_lps(end[::-1])))


def _row_ends(index_zyx: Array) -> Array:
    """First and last voxel of every x row and of these every y column: they hold all corners of the convex hull."""
    for axis in (2, 1):
        others = [i for i in range(3) if i != axis]
        order = np.lexsort((index_zyx[:, axis], index_zyx[:, others[1]], index_zyx[:, others[0]]))
        index_zyx = index_zyx[order]
        new = np.any(np.diff(index_zyx[:, others], axis=0) != 0, axis=1)
        first = np.concatenate([[True], new])
        last = np.concatenate([new, [True]])
        index_zyx = index_zyx[first | last]
    return index_zyx
