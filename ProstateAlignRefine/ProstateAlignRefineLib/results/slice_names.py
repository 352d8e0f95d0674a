"""What a reader calls the T2W slices: one rule for screen, report, overview and panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import Grid
from ..core.gland import body_axes


@dataclass(frozen=True)
class SliceNames:
    """`numbers` by slice of the grid: Instance Number (0020,0013), of an enhanced image the frame's, or the slice's
    place in the stored volume, from 1. `positions_mm`: along the slice normal, rising to the head; empty where the
    slices are not known from DICOM.
    """

    numbers: tuple[int, ...] = ()
    positions_mm: tuple[float, ...] = ()

    @classmethod
    def of(cls, grid: Grid, headers: Sequence[Any] = (), stored: Grid | None = None) -> SliceNames:
        """Of the axial slices of `grid`. `headers`: DICOM headers of the slices, in any order; where they do not name
        each slice by a number of its own, slices are counted in the order of `stored`, or of `grid`."""
        numbers = _dicom_numbers(grid, headers)
        if numbers is None:
            return cls(_counted(grid, stored or grid))
        upward = body_axes(grid)[1][2]
        return cls(numbers, tuple((_first_voxels(grid) @ upward).tolist()))

    def number(self, index: int) -> int:
        """Of the T2W slice at `index` of the axial order; where DICOM is not known, counted from 1."""
        return self.numbers[index] if self.numbers else index + 1

    def short(self, first: int, last: int) -> str:
        """The numbers alone, of slices counted from 0 in the grid: a range only where it holds no other slices."""
        low, high = sorted((first, last))
        runs = _runs([self.number(index) for index in range(low, high + 1)])
        return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in runs)

    def text(self, first: int, last: int) -> str:
        """The numbers, and where DICOM is known the positions."""
        if not self.positions_mm:
            return self.short(first, last)
        low, high = sorted(self.positions_mm[index] for index in (first, last))
        where = f"{low:.1f} mm" if first == last else f"{low:.1f} to {high:.1f} mm"
        return f"{self.short(first, last)} (at {where})"


COUNTED = SliceNames()
"""From 1, in the order of the grid."""


def _dicom_numbers(grid: Grid, headers: Sequence[Any]) -> tuple[int, ...] | None:
    """By slice; None where one has none, or two share one."""
    found: dict[int, int] = {}
    axis = _axis(grid)
    slices = [one for header in headers for one in _numbered(header)]
    for position, number in slices:
        if position is None or number is None or len(position) != 3:
            return None
        place = float(grid.to_index(np.array([float(value) for value in position]))[axis])
        if abs(place - round(place)) > 0.2:
            return None
        found[round(place)] = int(number)
    count = grid.size[axis]
    complete = set(found) == set(range(count)) and len(set(found.values())) == count == len(slices)
    return tuple(found[index] for index in range(count)) if complete else None


def _numbered(header: Any) -> Iterator[tuple[Any, Any]]:
    """Image Position (Patient) and number of each slice of a file."""
    frames = header.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        yield header.get("ImagePositionPatient"), header.get("InstanceNumber")
        return
    for number, frame in enumerate(frames, start=1):  # as viewers count them
        plane = frame.get("PlanePositionSequence")
        yield plane[0].get("ImagePositionPatient") if plane else None, number


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each range, by rising number: one where the numbers rise or fall along the slices, whatever
    is left out between; else of numbers that follow each other, since some scanners number slices as acquired."""
    ordered = sorted(numbers)
    if list(numbers) in (ordered, ordered[::-1]):
        yield ordered[0], ordered[-1]
        return
    start = ordered[0]
    for number, following in zip(ordered, [*ordered[1:], None], strict=True):
        if following != number + 1:
            yield start, number
            start = following or 0


def _counted(grid: Grid, stored: Grid) -> tuple[int, ...]:
    """The place of each slice in the stored volume, from 1."""
    return tuple(round(place) + 1 for place in stored.to_index(_first_voxels(grid))[:, _axis(stored)].tolist())


def _first_voxels(grid: Grid) -> NDArray[np.float64]:
    """[slices, 3]: LPS of one voxel a slice."""
    index = np.zeros((grid.size[_axis(grid)], 3))
    index[:, _axis(grid)] = np.arange(len(index))
    return grid.to_lps(index)


def _axis(grid: Grid) -> int:
    """Of x, y, z: along which the axial slices follow each other."""
    return 2 - body_axes(grid)[0][2]
