"""How large a lesion is, in words: PI-RADS v2.1 draws a line at 15 mm."""

from __future__ import annotations

import re
from enum import Enum

NUMBER, UNIT = r"\d+(?:[.,]\d+)?", r"(?:mm|cm3|cm|ml|cc)"
GAP = r"[\s\u2010-]*"
"""Between a number and its unit: "12 mm", "12mm", "12-mm"."""
_MEASURE = re.compile(rf"({NUMBER})(?:{GAP}({UNIT}))?")
SMALL_BELOW_MM, LARGE_FROM_MM = 10.0, 15.0


class SizeClass(str, Enum):
    """By the largest axial diameter: below 10 mm, 10 to 15 mm, 15 mm and more."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def size_class(diameter_mm: float) -> SizeClass:
    """Of the largest axial diameter."""
    if diameter_mm < SMALL_BELOW_MM:
        return SizeClass.SMALL
    return SizeClass.MEDIUM if diameter_mm < LARGE_FROM_MM else SizeClass.LARGE


def size_of(numbers: str, unit: str) -> SizeClass:
    """Of "12", "1.2 x 0.9", "1.2 cm x 9" and mm, cm, mL or cc; of several numbers the largest, of a volume the ball's
    diameter. `unit`: of the numbers that have none of their own."""
    return size_class(max(_millimetres(number, own or unit) for number, own in _MEASURE.findall(numbers)))


def _millimetres(number: str, unit: str) -> float:
    value = float(number.replace(",", "."))
    if unit in ("mm", "cm"):
        return value * (10.0 if unit == "cm" else 1.0)
    return 10.0 * float((6.0 * value / 3.141592653589793) ** (1 / 3))
