"""PI-RADS v2.1: how the reader's scores of a lesion combine to its assessment category.

Source: American College of Radiology, PI-RADS v2.1 (2019), "PI-RADS assessment"; Turkbey et al., Eur Urol 2019;
76:340-351. The scores are a person's: nothing here looks at an image.
"""

from __future__ import annotations

from enum import Enum

from .sizes import LARGE_FROM_MM

SCORES = (1, 2, 3, 4, 5)


class ScoredZone(str, Enum):
    """Whose rule is taken. For the central zone and the anterior stroma the reader says where the lesion arose."""

    PERIPHERAL = "peripheral"
    TRANSITION = "transition"


class Enhancement(str, Enum):
    """Dynamic contrast: focal and early, or not; with a bi-parametric study it is not done."""

    NOT_DONE = "not done"
    NEGATIVE = "negative"
    POSITIVE = "positive"


class Extension(str, Enum):
    """What the reader says of extraprostatic extension, or of invasion of a seminal vesicle."""

    NOT_SAID = ""
    NONE = "none"
    SUSPECTED = "suspected"
    DEFINITE = "definite"


def category(zone: ScoredZone | None, t2w: int | None, dwi: int | None, dce: Enhancement) -> int | None:
    """1 to 5; None while a score is missing that the rule of the zone asks for.

    Peripheral zone: DWI decides, and positive contrast raises 3 to 4. Transition zone: T2W decides; DWI 4 or 5 raises 2
    to 3, DWI 5 raises 3 to 4.
    """
    if zone is ScoredZone.PERIPHERAL:
        return 4 if dwi == 3 and dce is Enhancement.POSITIVE else dwi
    if zone is ScoredZone.TRANSITION:
        if t2w not in (2, 3):
            return t2w
        raised_from = {2: 4, 3: 5}[t2w]
        return None if dwi is None else t2w + (dwi >= raised_from)
    return None


def decisive_score(zone: ScoredZone | None, t2w: int | None, dwi: int | None) -> int | None:
    """Of the sequence that decides in the zone."""
    return {ScoredZone.PERIPHERAL: dwi, ScoredZone.TRANSITION: t2w}.get(zone) if zone else None


def asks_for_five(decisive: int | None, axial_mm: float, extension: Extension) -> bool:
    """Whether the score that decides is 4 where PI-RADS gives 5: from 15 mm on, or with definite extension."""
    return decisive == 4 and (axial_mm >= LARGE_FROM_MM or extension is Extension.DEFINITE)
