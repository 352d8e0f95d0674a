"""How sure the figures are: bootstrap intervals over patients, and paired tests between two systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, wilcoxon

from .cases import CaseRow
from .figures import Figures, cohort_figures

RESAMPLES = 1000
SEED = 0
INTERVAL = (2.5, 97.5)
PAIRED_FIELDS = {
    "Dice, positives": "dice",
    "NSD 1 mm, positives": "nsd_1mm",
    "NSD 2 mm, positives": "nsd_2mm",
    "HD95 mm, positives with a distance in both": "hd95",
    "ASSD mm, positives with a distance in both": "assd",
}

Interval = tuple[float, float]


class HasPatient(Protocol):
    """A row of a table. Patients are drawn in the bootstrap, not cases, since studies of one are alike."""

    @property
    def patient(self) -> str:
        """The same for all studies of one patient."""


Row = TypeVar("Row", bound=HasPatient)


@dataclass(frozen=True)
class Estimate:
    """A figure of the cohort and its 95 % interval; None where it does not exist."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Paired:
    """Mean difference (first system less second) over `cases` pairs, its 95 % interval, two-sided p of the test."""

    difference: float
    interval: Interval
    cases: int
    p: float
    test: str


@dataclass(frozen=True, eq=False)
class Resampled:
    """The figures of a cohort, and those of every bootstrap resample; of two systems on the same cases: subtract."""

    figures: Figures
    drawn: tuple[Figures, ...]

    def __sub__(self, other: Resampled) -> Resampled:
        drawn = tuple(_difference(one, two) for one, two in zip(self.drawn, other.drawn, strict=True))
        return Resampled(_difference(self.figures, other.figures), drawn)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Every figure with its percentile bootstrap interval."""
        return {name: Estimate(value, _interval(name, self.drawn)) for name, value in self.figures.items()}


def resampled(rows: Sequence[Row], figures_of: Callable[[Sequence[Row]], Figures], resamples: int) -> Resampled:
    """Patients are drawn, with all their cases; the same ones for every system with the same patients in order."""
    drawn = tuple(figures_of([rows[i] for i in index]) for index in _draws(rows, resamples))
    return Resampled(figures_of(rows), drawn)


def estimates(rows: Sequence[CaseRow], resamples: int = RESAMPLES) -> dict[str, Estimate]:
    """Every figure with its percentile bootstrap interval; patients are drawn, with all their cases."""
    return resampled(rows, cohort_figures, resamples).estimates


def differences(first: Sequence[CaseRow], second: Sequence[CaseRow], resamples: int = RESAMPLES) -> dict[str, Estimate]:
    """First less second, every figure, both drawn with the same patients. The rows are of the same cases in order."""
    one, other = (resampled(rows, cohort_figures, resamples) for rows in (first, second))
    return (one - other).estimates


def paired_tests(first: Sequence[CaseRow], second: Sequence[CaseRow], resamples: int = RESAMPLES) -> dict[str, Paired]:
    """Wilcoxon's signed-rank test of the positives' measures, McNemar's exact test of lesions found. p uncorrected."""
    tests = {}
    for name, field in PAIRED_FIELDS.items():
        values = [
            (getattr(one.metrics, field), getattr(other.metrics, field), one.patient)
            for one, other in zip(first, second, strict=True)
            if one.positive
        ]
        pairs = [(one - other, patient) for one, other, patient in values if one is not None and other is not None]
        if pairs:
            gaps, patients = np.array([gap for gap, _ in pairs]), [patient for _, patient in pairs]
            tests[name] = _paired(gaps, patients, _wilcoxon(gaps), "Wilcoxon signed-rank", resamples)
    lesions = [
        (float(a.found) - float(b.found), one.patient)
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one.lesions, other.lesions, strict=True)
    ]
    if lesions:
        gaps = np.array([gap for gap, _ in lesions])
        tests["lesion sensitivity"] = _paired(gaps, [p for _, p in lesions], _mcnemar(gaps), "McNemar exact", resamples)
    return tests


def _paired(gaps: NDArray[np.float64], patients: Sequence[str], p: float, test: str, resamples: int) -> Paired:
    means = [float(gaps[index].mean()) for index in _draws_of(patients, resamples)]
    low, high = np.percentile(means, INTERVAL)
    return Paired(float(gaps.mean()), (float(low), float(high)), len(gaps), p, test)


def _wilcoxon(gaps: NDArray[np.float64]) -> float:
    return float(wilcoxon(gaps).pvalue) if np.any(gaps != 0) else 1.0


def _mcnemar(gaps: NDArray[np.float64]) -> float:
    wins, losses = int((gaps > 0).sum()), int((gaps < 0).sum())
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def _difference(one: Figures, other: Figures) -> Figures:
    gaps: Figures = {}
    for name, value in one.items():
        rival = other[name]
        gaps[name] = None if value is None or rival is None else value - rival
    return gaps


def _interval(name: str, drawn: Sequence[Figures]) -> Interval | None:
    """None where a resample in twenty or more cannot give the figure."""
    values = [value for figures in drawn if (value := figures[name]) is not None]
    if not drawn or len(values) < 0.95 * len(drawn):
        return None
    low, high = np.percentile(values, INTERVAL)
    return float(low), float(high)


def _draws(rows: Sequence[HasPatient], resamples: int) -> Iterator[NDArray[np.int64]]:
    return _draws_of([row.patient for row in rows], resamples)


def _draws_of(patients: Sequence[str], resamples: int) -> Iterator[NDArray[np.int64]]:
    """Places of the patients drawn with replacement, all places of each."""
    names, numbers = np.unique(np.asarray(patients), return_inverse=True)
    places = [np.flatnonzero(numbers == number) for number in range(len(names))]
    rng = np.random.default_rng(SEED)
    for _ in range(resamples):
        yield np.concatenate([places[number] for number in rng.integers(0, len(names), len(names))])
