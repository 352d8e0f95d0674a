"""The geometry gate: slices that make one regular volume, in order, or the reason why they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.geometry import Grid
from .frames import Frame

FEWEST_SLICES = 3
_ORIENTATION = 1e-3  # largest difference of a direction cosine, 0.06 degrees
_IN_PLANE = 0.1  # mm a slice may lie beside the line of the others
_STEP = 0.05  # share of the slice step by which one gap may differ


class IrregularError(Exception):
    """Slices that make no volume. The text says why, in the middle of a sentence and without patient data."""


@dataclass(frozen=True)
class Stack:
    """Slices in rising order along the normal (rows x columns), and the grid (LPS, mm) on which they lie."""

    frames: tuple[Frame, ...]
    grid: Grid


def normal_of(orientation: Sequence[float]) -> NDArray[np.float64]:
    """The unit vector, LPS, along which slices of this orientation (0020,0037) follow each other."""
    return np.cross(orientation[:3], orientation[3:])


def stack_of(frames: Sequence[Frame]) -> Stack:
    """The slices as one regular volume; IrregularError where one is missing, doubled, shifted or of another kind."""
    _check_alike(frames)
    normal = normal_of(frames[0].orientation)
    if abs(np.linalg.norm(normal) - 1) > 0.01:
        raise IrregularError("the image orientation is not a pair of perpendicular unit vectors")
    ordered = sorted(frames, key=lambda frame: float(np.dot(frame.position, normal)))
    positions = np.array([frame.position for frame in ordered])
    step = _check_steps(positions @ normal)
    _check_line(positions, normal)
    return Stack(tuple(ordered), _grid(ordered[0], normal, step, len(ordered)))


def _check_alike(frames: Sequence[Frame]) -> None:
    if len(frames) < FEWEST_SLICES:
        raise IrregularError(f"it has only {len(frames)} slice{'s' * (len(frames) != 1)}")
    if len({frame.frame_of_reference for frame in frames}) > 1:
        raise IrregularError("its slices lie in different frames of reference")
    if len({(frame.rows, frame.columns) for frame in frames}) > 1:
        raise IrregularError("its slices have different matrix sizes")
    for words, values, tolerance in (
        ("orientations", [frame.orientation for frame in frames], _ORIENTATION),
        ("pixel spacings", [frame.spacing for frame in frames], 1e-4),
    ):
        if np.ptp(np.array(values), axis=0).max() > tolerance:
            raise IrregularError(f"its slices have different {words}")
    if len({frame.photometric for frame in frames}) > 1:
        raise IrregularError("some of its slices are stored inverted (MONOCHROME1) and some are not")
    if frames[0].photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise IrregularError("its pixels are colours, not values")
    if min(frames[0].spacing) <= 0:
        raise IrregularError("its pixel spacing is not positive")


def _check_steps(along: NDArray[np.float64]) -> float:
    """The mean slice step, mm, of positions along the normal."""
    gaps = np.diff(along)
    step = float(np.median(gaps))
    if gaps.min() < 0.01 * max(step, 0.1):
        raise IrregularError("it has more than one slice at the same position")
    if abs(gaps - step).max() > _STEP * step:
        widest = float(gaps.max())
        if widest > 1.5 * step:
            raise IrregularError(f"a slice is missing: slices lie {step:.2f} mm apart, but once {widest:.2f} mm")
        raise IrregularError(f"its slices are unevenly spaced, {gaps.min():.2f} to {widest:.2f} mm")
    return float(gaps.mean())


def _check_line(positions: NDArray[np.float64], normal: NDArray[np.float64]) -> None:
    aside = positions - np.outer(positions @ normal, normal)
    offsets = np.linalg.norm(aside - np.median(aside, axis=0), axis=1)
    if offsets.max() <= _IN_PLANE:
        return
    if np.sum(offsets > _IN_PLANE) <= max(1, len(offsets) // 10):
        raise IrregularError(f"a slice is shifted sideways by {offsets.max():.2f} mm")
    raise IrregularError("its slices are sheared: they do not follow each other at a right angle")


def _grid(lowest: Frame, normal: NDArray[np.float64], step: float, slices: int) -> Grid:
    axes = np.column_stack([lowest.orientation[:3], lowest.orientation[3:], normal])
    x, y, z = lowest.position
    return Grid(
        size=(lowest.columns, lowest.rows, slices),
        spacing=(lowest.spacing[1], lowest.spacing[0], step),
        origin=(x, y, z),
        direction=tuple(float(value) for value in axes.ravel()),
    )
