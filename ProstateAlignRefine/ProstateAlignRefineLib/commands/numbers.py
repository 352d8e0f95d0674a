"""Numbers on the command line: argparse types that know their bounds and say them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

LARGEST_SEED = 2**31 - 1
MOST_PROCESSES = 256
MOST_RESAMPLES = 1_000_000


def whole(lowest: int, highest: int, unit: str = "") -> Callable[[str], int]:
    """Whole numbers from `lowest` to `highest`; `unit` is named in the message."""

    def read(text: str) -> int:
        # The length first: reading an integer takes time that grows with its square.
        try:
            number = int(text) if len(text) <= 20 else None
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"must be a whole number from {lowest} to {highest}{unit and ' '}{unit}")
        return number

    return read


def processes(text: str) -> int:
    """How many processes work at once."""
    return whole(1, MOST_PROCESSES, "processes")(text)


def resamples(text: str) -> int:
    """How many bootstrap resamples."""
    return whole(1, MOST_RESAMPLES, "resamples")(text)


def seed(text: str) -> int:
    """Of a synthetic study or of what is drawn: a whole number from 0 to 2^31 - 1."""
    return whole(0, LARGEST_SEED)(text)


def fold(text: str) -> int:
    """The number of a data set's fold."""
    return whole(0, 999)(text)


def real(lowest: float, highest: float, unit: str = "") -> Callable[[str], float]:
    """Finite numbers from `lowest` to `highest`; `unit` is named in the message."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"must be a number from {lowest:g} to {highest:g}{unit and ' '}{unit}")
        return number

    return read
