"""Which prompts a training case is asked, and which of its lesions each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ...core.descriptions import (
    GENERIC,
    NAMED_ZONES,
    PARTS_OF,
    DescribedLesion,
    Description,
    absent_descriptions,
    draw_description,
)
from ...core.phrases import ELSEWHERE, phrase
from ...core.places import Level, Side
from ...core.sizes import SizeClass

Choice = TypeVar("Choice")

PRESENT, CHANGED, ABSENT, ABSENT_IN_NEGATIVES = 4, 2, 1, 5
_CHOICES: dict[str, Sequence[object]] = {
    "side": tuple(Side),
    "level": tuple(Level),
    "zone": NAMED_ZONES,
    "part": tuple(PARTS_OF),
    "size": tuple(SizeClass),
}


@dataclass(frozen=True)
class DrawnPrompt:
    """`labels` of the lesions that the prompt means; none where the answer is to be empty."""

    prompt: str
    labels: tuple[int, ...]


def draw_prompts(rng: np.random.Generator, lesions: Mapping[int, DescribedLesion], mirrored: bool) -> list[DrawnPrompt]:
    """The generic prompt, descriptions of lesions, the same with one thing changed, absent places, and a thing that is
    no lesion of the prostate. `mirrored`: words for the patient mirrored left to right, of the same lesions."""
    present = list(lesions.values())
    drawn = [GENERIC]
    if present:
        drawn += [draw_description(rng, present) for _ in range(PRESENT)]
        drawn += [_changed(rng, draw_description(rng, present)) for _ in range(CHANGED)]
    absent = absent_descriptions(present)
    drawn += [_one(rng, absent) for _ in range(ABSENT if present else ABSENT_IN_NEGATIVES)]
    asked = [
        DrawnPrompt(
            phrase(description.mirrored if mirrored else description, rng),
            tuple(label for label, lesion in lesions.items() if description.fits(lesion)),
        )
        for description in drawn
    ]
    return [*asked, DrawnPrompt(_one(rng, ELSEWHERE), ())]


def _changed(rng: np.random.Generator, description: Description) -> Description:
    """One of the things asked for replaced at random: the neighbours that are easily confused."""
    name = _one(rng, description.asked)
    return replace(description, **{name: _one(rng, _CHOICES[name])})  # type: ignore[arg-type]


def _one(rng: np.random.Generator, choices: Sequence[Choice]) -> Choice:
    return choices[int(rng.integers(len(choices)))]
