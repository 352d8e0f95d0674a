"""Whether a confidence means what it says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Flat = NDArray[np.floating]
BINS = 10


def probabilities(margins: Flat) -> NDArray[np.float64]:
    """Foreground probability of two-class margins (foreground minus background logit)."""
    return 1.0 / (1.0 + np.exp(-np.clip(margins.astype(float), -60.0, 60.0)))


def expected_calibration_error(margins: Flat, truth: NDArray[np.bool_]) -> float:
    """Mean gap between probability and observed share of foreground over 10 bins, each weighted by its voxels."""
    probability = probabilities(margins)
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    sums = np.bincount(bins, probability, BINS) - np.bincount(bins, truth.astype(float), BINS)
    return float(np.abs(sums).sum() / probability.size)


def brier_score(margins: Flat, truth: NDArray[np.bool_]) -> float:
    return float(np.mean((probabilities(margins) - truth) ** 2))


def fit_temperature(margins: Flat, truth: NDArray[np.bool_]) -> float:
    """The temperature (0.1 to 10) whose margins / temperature give the truth the highest likelihood."""
    signed = np.where(truth, margins, -margins).astype(np.float32)

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -signed / np.float32(np.exp(log_temperature))).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10.0)), method="bounded").x))
