"""Pixels that fill up an image where nothing was measured: Pixel Padding Value and Range Limit (0028,0120 / 0121)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .values import number_of, sound, value_of


def padding_of(header: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Where stored values [row, column] are padding.

    None are where padding lies among the other values: then it is no padding, whatever the header says.
    """
    nothing = np.zeros(stored.shape, bool)
    one = _stored_value(header, "PixelPaddingValue")
    if one is None:
        return nothing
    values = np.round(np.asarray(stored, np.float64))
    limit = _stored_value(header, "PixelPaddingRangeLimit")
    other = one if limit is None else limit
    low, high = min(one, other), max(one, other)
    padded = (values >= low) & (values <= high)
    measured = values[~padded]
    among = measured.size > 0 and measured.min() < low and measured.max() > high
    return nothing if among else padded


def _stored_value(header: Dataset, keyword: str) -> float | None:
    """A signed value that was written as unsigned is turned back."""
    value = number_of(sound(value_of(header, keyword)))
    is_signed = value_of(header, "PixelRepresentation") == 1
    return value - 65536 if value is not None and is_signed and value >= 32768 else value
