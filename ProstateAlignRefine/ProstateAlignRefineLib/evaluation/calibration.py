"""Whether a confidence means what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import binom

Flat = NDArray[np.floating]
BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Ten equal bins of probability: voxels, sum of probabilities and foreground voxels in each; sum of squared errors.

    Cases add up, so that the figures of a cohort need no voxel twice.
    """

    count: NDArray[np.float64]
    claimed: NDArray[np.float64]
    observed: NDArray[np.float64]
    squared_error: float

    @classmethod
    def of(cls, probability: Flat, truth: NDArray[np.bool_]) -> Reliability:
        """`probability` and `truth`: flat, of the voxels of one case."""
        bins = np.minimum((probability * BINS).astype(int), BINS - 1)
        ones = np.ones(probability.shape)
        count, claimed, observed = (np.bincount(bins, w, BINS).astype(float) for w in (ones, probability, truth))
        return cls(count, claimed, observed, float(np.sum((probability - truth) ** 2)))

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(
            self.count + other.count,
            self.claimed + other.claimed,
            self.observed + other.observed,
            self.squared_error + other.squared_error,
        )

    @property
    def expected_error(self) -> float:
        """Mean gap between probability and observed share of foreground, each bin weighted by its voxels."""
        return float(np.abs(self.claimed - self.observed).sum() / self.count.sum())

    @property
    def error_by_chance(self) -> float:
        """The `expected_error` that claims as many and as high would have on average if each came true as often as it
        says: below it, an error says nothing. Exact, in time and memory that grow with the number of claims.
        """
        filled = self.count > 0
        counts, claims = self.count[filled].astype(int), self.claimed[filled]
        gaps = [
            np.abs(np.arange(n + 1) - sum_) @ binom.pmf(np.arange(n + 1), n, sum_ / n)
            for n, sum_ in zip(counts, claims, strict=True)
        ]
        return float(np.sum(gaps) / self.count.sum())

    @property
    def brier(self) -> float:
        """Mean squared error of the probabilities (Brier score), 0 at best."""
        return float(self.squared_error / self.count.sum())


def probabilities(margins: Flat) -> NDArray[np.float64]:
    """Foreground probability of two-class margins (foreground minus background logit)."""
    foreground: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(margins.astype(float), -60.0, 60.0)))
    return foreground


def fit_temperature(margins: Flat, truth: NDArray[np.bool_]) -> float:
    """The temperature (0.1 to 10) whose margins / temperature give the truth the highest likelihood."""
    signed = np.where(truth, margins, -margins).astype(np.float32)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -signed / np.float32(np.exp(log_temperature))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10.0)), method="bounded").x))
