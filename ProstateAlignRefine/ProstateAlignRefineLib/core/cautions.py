"""What a reader must know before trusting a result that could be computed all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .caution_texts import TEMPLATES


@dataclass(frozen=True)
class Caution:
    """`code`: lower-case words joined by hyphens, the same for every study with this fault, such as `dwi-displaced`.

    `text`: one or two sentences: what is wrong, with its figures, and what it may do to the result. It never holds
    patient data. `fields`: what fills the code's sentence of `caution_texts`, so that it can be translated; empty where
    there is none, and in reports, which keep the text alone.
    """

    code: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)


def caution(code: str, **fields: str) -> Caution:
    """The caution of this code, its sentence filled with these figures and words."""
    return Caution(code, TEMPLATES[code].format(**fields), fields)


def caution_lines(cautions: Sequence[Caution]) -> str:
    """For the screen, a line each; empty where there are none."""
    return "\n".join(f"Caution ({told.code}): {told.text}" for told in cautions)


def codes_of(cautions: Sequence[Caution]) -> tuple[str, ...]:
    """Each code once, in order."""
    return tuple(dict.fromkeys(told.code for told in cautions))


TRAINING_CASE = caution("training-case")
"""In results of studies that the model was trained on: what an evaluation has to tell."""
