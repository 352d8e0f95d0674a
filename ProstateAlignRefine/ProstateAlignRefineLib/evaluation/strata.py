"""What lies in which range of a quantity; a range goes from its first number up to, not including, its second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Item = TypeVar("Item")


def in_strata(
    measured: Iterable[tuple[Item, float]], strata: Mapping[str, tuple[float, float]]
) -> dict[str, list[Item]]:
    """The items of every stratum, in their order. `measured`: items with their quantity."""
    pairs = list(measured)
    return {name: [item for item, value in pairs if low <= value < high] for name, (low, high) in strata.items()}
