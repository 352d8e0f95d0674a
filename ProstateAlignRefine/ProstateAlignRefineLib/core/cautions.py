"""What a reader must know before trusting a result that could be computed all the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caution:
    """`code`: lower-case words joined by hyphens, the same for every study with this fault, such as `dwi-displaced`.

    `text`: one or two sentences: what is wrong, with its figures, and what it may do to the result. It never holds
    patient data.
    """

    code: str
    text: str
