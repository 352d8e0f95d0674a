"""How likely a finding is a lesion: a small logistic rule, fitted on studies with known lesions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..plain_data import shown
from .measures import MEASURES

AGAIN = "get the model bundle again"

FARTHEST = 3.0
"""Spreads from the middle beyond which a measure counts no further: there nothing was learned."""


@dataclass(frozen=True)
class Term:
    """One measure's part: `weight` times its distance from `middle` in `spread`s, at most `FARTHEST` either way."""

    measure: str
    middle: float
    spread: float
    weight: float

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise InputError(f"The rule of findings names {shown(self.measure)}, an unknown measure; {AGAIN}.")
        if self.spread <= 0:
            raise InputError(f"The rule of findings has no spread of '{self.measure}'; {AGAIN}.")


@dataclass(frozen=True)
class FrocPoint:
    """Of the findings from `confidence` on: `false_positives` a study, and the share of lesions found."""

    confidence: float
    false_positives: float
    sensitivity: float

    def __post_init__(self) -> None:
        if not (0 <= self.confidence <= 1 and 0 <= self.sensitivity <= 1 and self.false_positives >= 0):
            raise InputError(f"The rule of findings holds a FROC point that cannot be; {AGAIN}.")


@dataclass(frozen=True)
class FindingRule:
    """`confidence` of a finding: the logistic function of `bias` and the terms' sum.

    `operating_confidence`: from there on a finding is a lesion, below it a candidate. `froc`: in cross-validation
    on the `studies` studies that it was fitted on, by falling confidence. `tau`, `alpha`: the gate it was fitted at.
    """

    bias: float
    terms: tuple[Term, ...]
    operating_confidence: float
    froc: tuple[FrocPoint, ...]
    studies: int
    tau: float
    alpha: float

    def __post_init__(self) -> None:
        names = [term.measure for term in self.terms]
        if not names or len(set(names)) < len(names):
            raise InputError(f"The rule of findings needs terms, each of another measure; {AGAIN}.")
        falling = all(a.confidence > b.confidence for a, b in pairwise(self.froc))
        rising = all(a.false_positives <= b.false_positives for a, b in pairwise(self.froc))
        if not (self.froc and falling and rising and 0 <= self.operating_confidence <= 1 and self.studies > 0):
            raise InputError(f"The rule of findings has no FROC that rises as confidence falls; {AGAIN}.")

    def confidences(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of findings measured as `MEASURES` [n, ...]: between 0 and 1 [n]."""
        logits = np.full(len(measures), self.bias)
        for term in self.terms:
            apart = (measures[:, MEASURES.index(term.measure)] - term.middle) / term.spread
            logits += term.weight * np.clip(apart, -FARTHEST, FARTHEST)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))

    def at(self, false_positives: float) -> FrocPoint:
        """The lowest confidence at which no more false positives a study are expected; else the first point."""
        allowed = [point for point in self.froc if point.false_positives <= false_positives]
        return allowed[-1] if allowed else self.froc[0]

    def shown_from(self, false_positives: float) -> float:
        """The confidence from which findings are shown at this rate: the operating point's, or one below it."""
        if false_positives <= 0:
            return self.operating_confidence
        return min(self.at(false_positives).confidence, self.operating_confidence)

    def expected(self, confidence: float) -> FrocPoint:
        """What to expect of findings from `confidence` on: the last point that is not below it."""
        reached = [point for point in self.froc if point.confidence >= confidence - 1e-9]
        return reached[-1] if reached else self.froc[0]
