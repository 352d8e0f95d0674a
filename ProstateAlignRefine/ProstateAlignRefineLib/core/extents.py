"""How long a set of voxels is: the largest distance between points of its outline, which are centres of voxel faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-6
"""Relative: what is shorter by more than this is not the longest."""
BLOCK = 512
"""Points whose distances to all others are worked out at once."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Extents:
    """Of a mask, mm. `in_3d`: IBSI "maximum 3D diameter". `in_slices`: the longest within each slice that can hold the
    longest of all, by its number."""

    in_3d: float
    in_slices: Mapping[int, float]

    @property
    def in_a_slice(self) -> float:
        """The longest within any one slice."""
        return max(self.in_slices.values())

    @classmethod
    def of(cls, inside: NDArray[np.bool_], spacing_zyx: Sequence[float], stack_axis: int = 0) -> Extents:
        """Of a mask [Z, Y, X] that is not empty, whose slices follow each other along `stack_axis` (of z, y, x)."""
        spacing = np.asarray(spacing_zyx, float)
        outlines = slice_outlines(inside, stack_axis)
        corners = _row_ends(outlines, (stack_axis,))
        in_slices = _longest_in_slices(np.argwhere(outlines), spacing, stack_axis)
        in_3d = _longest(np.argwhere(corners) * spacing, spacing, (0, 1, 2))
        return cls(float(np.sqrt(in_3d)), in_slices)


def slice_outlines(inside: NDArray[np.bool_], stack_axis: int) -> NDArray[np.bool_]:
    """Of a mask [Z, Y, X] the voxels that hold all corners of the convex hull of each slice across `stack_axis`."""
    return _row_ends(inside, [axis for axis in (2, 1, 0) if axis != stack_axis])


def _longest_in_slices(index: NDArray[np.int64], spacing: Points, stack_axis: int) -> dict[int, float]:
    across = [axis for axis in range(3) if axis != stack_axis]
    slices = {int(n): index[index[:, stack_axis] == n] * spacing for n in np.unique(index[:, stack_axis])}
    # No two points of an outline are farther apart than the corners of the box around it.
    most = {n: float(((np.ptp(points, axis=0) + spacing)[across] ** 2).sum()) for n, points in slices.items()}
    longest, lengths = 0.0, {}
    for number in sorted(slices, key=most.__getitem__, reverse=True):
        if most[number] * (1 + ROUNDING) < longest:
            break
        square = _longest(slices[number], spacing, across)
        longest, lengths[number] = max(longest, square), float(np.sqrt(square))
    return lengths


def _longest(points: Points, spacing: Points, axes: Sequence[int]) -> float:
    """The square of the diameter between face centres along `axes` of voxels with these centres [n, 3], mm.

    Of two voxels the farthest faces point away from each other along one and the same axis: for faces along two axes
    the square is at most the mean of those for either axis alone. So each axis asks for the longest way between two
    centres, one of them moved by a voxel along it.
    """
    points = points - points.mean(axis=0)
    moves = [spacing * (np.arange(3) == axis) for axis in axes]
    if len(points) > BLOCK:
        points = _far_from_middle(points, moves)
    return max(_farthest(points + move, points) for move in moves)


def _far_from_middle(points: Points, moves: Sequence[Points]) -> Points:
    """The points without those that lie too near the middle to be at either end of a diameter."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    distance = np.linalg.norm(points - middle, axis=1)
    ends = points
    for _ in range(3):  # to the farthest point, and on to the farthest from there
        ends = points[[int(((points - ends[0]) ** 2).sum(axis=1).argmax())]]
    known = max(max(_farthest(ends + move, points), _farthest(ends - move, points)) for move in moves)
    most = distance + distance.max() + max(float(move.max()) for move in moves)
    kept: Points = points[most**2 * (1 + ROUNDING) >= known]
    return kept


def _farthest(some: Points, others: Points) -> float:
    """The square of the longest way from one to another."""
    squares = (others**2).sum(axis=1)
    longest = 0.0
    for start in range(0, len(some), BLOCK):
        block = some[start : start + BLOCK]
        nearest = (block @ (-2 * others.T) + squares).max(axis=1)
        longest = max(longest, float((nearest + (block**2).sum(axis=1)).max()))
    return longest


def _row_ends(inside: NDArray[np.bool_], axes: Sequence[int]) -> NDArray[np.bool_]:
    """First and last voxel of every row along the first axis, of these along the next, and so on: after all axes they
    hold all corners of the convex hull, after two those of each slice."""
    for axis in axes:
        length = inside.shape[axis]
        first = np.expand_dims(inside.argmax(axis=axis), axis)
        last = length - 1 - np.expand_dims(np.flip(inside, axis).argmax(axis=axis), axis)
        ends = np.zeros_like(inside)
        np.put_along_axis(ends, first, True, axis)
        np.put_along_axis(ends, last, True, axis)
        inside = inside & ends
    return inside
