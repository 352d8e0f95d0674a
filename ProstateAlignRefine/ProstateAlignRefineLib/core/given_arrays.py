"""Arrays and their place in the patient as another program gives them: checked, so that none is taken for another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError
from .geometry import Array, Grid, triple


def given_volumes(*arrays: ArrayLike) -> tuple[NDArray[np.float32], ...]:
    """[z, y, x], of one shape; InputError where they are not, or hold no real numbers."""
    volumes = [np.asarray(array) for array in arrays]
    if len({volume.shape for volume in volumes}) > 1 or volumes[0].ndim != 3:
        raise InputError(
            "The three arrays must be volumes [z, y, x] of one shape; use study_of_images for other grids."
        )
    if any(volume.dtype.kind not in "iuf" for volume in volumes):
        raise InputError("The arrays must hold real numbers, not masks, complex numbers or objects; convert them.")
    return tuple(volume.astype(np.float32) for volume in volumes)


def given_grid(shape: tuple[int, ...], spacing: Any, origin: Any, direction: Any) -> Grid:
    """Of an array [z, y, x]; see `study_of_arrays`. InputError where a number is missing or impossible."""
    steps, place = _numbers(spacing, 3, "spacing"), _numbers(origin, 3, "origin")
    axes = _numbers(direction, 9, "direction")
    if min(steps) <= 0:
        raise InputError("`spacing` must be three positive numbers, mm between voxels in x, y and z order.")
    if abs(np.linalg.det(np.reshape(axes, (3, 3)))) < 0.5:  # of unit vectors at right angles it is 1
        raise InputError("The columns of `direction` must be unit vectors of the x, y and z axes, at right angles.")
    return Grid((shape[2], shape[1], shape[0]), triple(np.asarray(steps)), triple(np.asarray(place)), tuple(axes))


def _numbers(values: Any, count: int, name: str) -> Sequence[float]:
    try:
        numbers: Array = np.asarray(values, np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.size != count or not np.isfinite(numbers).all():
        raise InputError(f"`{name}` must be {count} finite numbers.")
    found: list[float] = numbers.tolist()
    return found
