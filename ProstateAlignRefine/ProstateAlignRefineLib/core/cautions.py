"""What a reader must know before trusting a result that could be computed all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Caution:
    """`code`: lower-case words joined by hyphens, the same for every study with this fault, such as `dwi-displaced`.

    `text`: one or two sentences: what is wrong, with its figures, and what it may do to the result. It never holds
    patient data.
    """

    code: str
    text: str


def caution_lines(cautions: Sequence[Caution]) -> str:
    """For the screen, a line each; empty where there are none."""
    return "\n".join(f"Caution ({caution.code}): {caution.text}" for caution in cautions)


def codes_of(cautions: Sequence[Caution]) -> tuple[str, ...]:
    """Each code once, in order."""
    return tuple(dict.fromkeys(caution.code for caution in cautions))
