"""The same description in many words: paraphrases, abbreviations and PI-RADS sector names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .anatomy import GlandZone
from .descriptions import Description
from .places import Level, Side
from .sizes import SizeClass

NOUNS = ("lesion", "suspicious lesion", "tumour", "prostate cancer", "suspicious focus", "significant lesion")
ELSEWHERE = (
    "liver", "kidney", "spleen lesion", "liver tumour", "lung", "bladder", "rectum", "brain tumor", "heart", "bone",
    "left kidney", "lymph node", "seminal vesicles", "a cat", "muscle", "right femur", "banana", "no lesion",
    "normal tissue", "no suspicious lesion", "benign gland", "prostatitis", "the pancreas", "urethra", "aorta",
)  # fmt: skip
"""What a model of the prostate's lesions has to answer with nothing."""

_SIDES = {
    Side.LEFT: (("left", "left-sided", "lt", "L"), ("on the left", "left side", "in the left lobe", "left")),
    Side.RIGHT: (("right", "right-sided", "rt", "R"), ("on the right", "right side", "in the right lobe", "right")),
    Side.MIDLINE: (("midline", "median"), ("in the midline", "mid-line", "midline")),
}
_LEVELS = {
    Level.BASE: (("basal", "base", "upper third"), ("at the base", "base", "in the upper third", "base level")),
    Level.MID: (("mid-gland", "midgland", "mid"), ("at mid-gland", "mid-gland", "in the middle third", "mid level")),
    Level.APEX: (("apical", "apex", "lower third"), ("at the apex", "apex", "in the lower third", "apex level")),
}
_ZONES = {
    GlandZone.PERIPHERAL: ("peripheral zone", "PZ", "peripheral"),
    GlandZone.TRANSITION: ("transition zone", "TZ", "transitional zone"),
    GlandZone.CENTRAL: ("central zone", "CZ"),
    GlandZone.ANTERIOR_STROMA: ("anterior fibromuscular stroma", "AFS", "anterior stroma"),
}
_PARTS = {
    "anterior": ("anterior", "ventral"),
    "posterior": ("posterior", "dorsal"),
    "posterolateral": ("posterolateral", "dorsolateral", "postero-lateral"),
    "posteromedial": ("posteromedial", "postero-medial"),
}
_SECTORS = {
    (GlandZone.PERIPHERAL, "anterior"): "PZa",
    (GlandZone.PERIPHERAL, "posterolateral"): "PZpl",
    (GlandZone.PERIPHERAL, "posteromedial"): "PZpm",
    (GlandZone.TRANSITION, "anterior"): "TZa",
    (GlandZone.TRANSITION, "posterior"): "TZp",
}
_SIZES = {
    SizeClass.SMALL: ("small", "tiny", "6 mm", "8 mm", "0.9 cm"),
    SizeClass.MEDIUM: ("medium", "12 mm", "11 x 8 mm", "1.3 cm"),
    SizeClass.LARGE: ("large", "big", "18 mm", "2.2 cm", "25 x 14 mm"),
}


def phrase(description: Description, rng: np.random.Generator) -> str:
    """One way of saying it; the generic description becomes a plain noun."""

    def one(choices: Sequence[str]) -> str:
        return str(choices[int(rng.integers(len(choices)))])

    style = int(rng.integers(3))
    side, level = (description.side and _SIDES[description.side], description.level and _LEVELS[description.level])
    size = one(_SIZES[description.size]) if description.size else ""
    inside = _zone_words(description, one)
    if style == 0:  # large left apical PZ lesion
        before = [size, one(side[0]) if side else "", one(level[0]) if level else "", inside]
        return _joined([*before, one(NOUNS)])
    if style == 1:  # lesion in the left peripheral zone at the apex
        place = _joined([one(side[0]) if side else "", inside])
        return _joined([size, one(NOUNS), f"in the {place}" if place else "", one(level[1]) if level else ""])
    # 12 mm lesion, left posterolateral PZ, mid-gland: a report's line
    noun = one(("lesion", "lesion", "focus", "PI-RADS 4 lesion"))
    place = _joined([one(side[0]) if side else "", inside])
    return ", ".join(filter(None, [_joined([size, noun]), place, one(level[1]) if level else ""]))


def paraphrases(description: Description, count: int, seed: int = 0) -> tuple[str, ...]:
    """`count` different ones, as far as there are so many."""
    rng = np.random.default_rng(seed)
    return tuple(dict.fromkeys(phrase(description, rng) for _ in range(40 * count)))[:count]


def _zone_words(description: Description, one: Callable[[Sequence[str]], str]) -> str:
    zone, part = description.zone, description.part
    sector = _SECTORS.get((zone, part)) if zone and part else None
    spelled = _joined([one(_PARTS[part]) if part else "", one(_ZONES[zone]) if zone else ""])
    return one((sector, spelled)) if sector else spelled


def _joined(words: Sequence[str]) -> str:
    return " ".join(filter(None, words))
