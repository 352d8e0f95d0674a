"""Values of untrusted headers: they are decoded when they are asked for, so damage shows there."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset


class Damaged:
    """In place of a value that cannot be decoded; no number, and as text 'damaged'."""

    def __str__(self) -> str:
        return "damaged"


DAMAGED = Damaged()


def value_of(item: Dataset, keyword: str) -> Any:
    """The value, None where there is none, DAMAGED where it cannot be decoded."""
    try:
        return item.get(keyword)
    except Exception:  # whatever the decoder of this kind of value raises
        return DAMAGED


def first(items: tuple[Dataset, ...], keyword: str, otherwise: Any = None) -> Any:
    """The first value under `keyword` that is there and not empty; DAMAGED where that cannot be decoded."""
    for item in items:
        value = value_of(item, keyword)
        if value is not None and value != "":
            return value
    return otherwise


def sound(value: Any, otherwise: Any = None) -> Any:
    """The value, or `otherwise` where it is damaged: for what one can do without."""
    return otherwise if value is DAMAGED else value


def number_of(value: object) -> float | None:
    """A finite number; None where the value is none, or several."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        try:
            number = float(str(value))
        except ValueError:
            return None
    return number if math.isfinite(number) else None
