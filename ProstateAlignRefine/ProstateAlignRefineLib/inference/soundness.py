"""Whether numbers can be computed with: what goes into the network, and what comes out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.maps import MAP_NAMES, SHARES, value_range

ROUNDING = 1e-4
"""How far a mean of shares may leave 0 to 1."""

BULK = (0.1, 99.9)
"""Percentiles between which a scan's tissue lies."""

LEAST_SPREAD = 0.02
"""Of the bulk's standard deviation in the whole's: below it a few voxels are all that the network would see."""

LARGEST_INPUT = 1e4
"""In standard deviations. Of the largest field read, one voxel alone different from all others lies at 3e3."""


def check_input(values: NDArray[np.float32], name: str) -> None:
    """InputError where the normalised volume of modality `name` [Z, Y, X] shows nothing but a few extreme voxels."""
    low, high = value_range(values)
    usable = np.isfinite(low) and np.isfinite(high) and max(-low, high) < LARGEST_INPUT
    if not usable or _drowned(values):
        raise InputError(
            f"The {name} holds values so extreme that nothing else can be seen; export it again from its source."
        )


def is_finite(stacked: NDArray[np.float32]) -> bool:
    """Whether no value is NaN or infinite, in one pass without a mask of the array's size."""
    return all(np.isfinite(value_range(stacked)))


def checked_answer(stacked: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `predict` gave, confidence and similarity within 0 to 1 to the last digit.

    InputError where a value is not finite, or no rounding explains why it lies outside.
    """
    if not is_finite(stacked):
        raise InputError(
            "The network's answer holds values that are not numbers; check the images, and the model bundle's weights."
        )
    for name in SHARES:
        share = stacked[MAP_NAMES.index(name)]
        low, high = value_range(share)
        if low < -ROUNDING or high > 1 + ROUNDING:
            raise InputError(
                f"The network's {name} runs from {low:.3g} to {high:.3g}, not from 0 to 1; use another model."
            )
        np.clip(share, 0.0, 1.0, out=share)
    return stacked


def _drowned(values: NDArray[np.float32]) -> bool:
    """Whether the spread of nearly all voxels is nothing beside that of the whole."""
    whole = float(values.std(dtype=np.float64))
    low, high = np.percentile(values, BULK)
    return float(np.clip(values, low, high).std(dtype=np.float64)) < LEAST_SPREAD * whole
