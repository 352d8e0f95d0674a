"""ADC and high-b images computed from diffusion-weighted ones of several b-values (mono-exponential model)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT_HIGH_B = 1400.0  # s/mm2
_MOST_ADC = 5000.0  # 1e-6 mm2/s; free water at body temperature has 3000


@dataclass(frozen=True)
class DiffusionFit:
    """S(b) = s0 exp(-b adc), [Z, Y, X]: `adc` in 1e-6 mm2/s, `s0` in signal units, both 0 where not `valid`."""

    adc: NDArray[np.float32]
    s0: NDArray[np.float32]
    valid: NDArray[np.bool_]

    def signal_at(self, b_value: float) -> NDArray[np.float32]:
        """The computed image at `b_value`, s/mm2; 0 where the fit failed."""
        signal: NDArray[np.float32] = (self.s0 * np.exp(-b_value * 1e-6 * self.adc) * self.valid).astype(np.float32)
        return signal


def fit_diffusion(signals: Sequence[NDArray[np.float32]], b_values: Sequence[float]) -> DiffusionFit:
    """Log-linear least squares over two or more b-values, s/mm2.

    A voxel fails where a signal is not positive, or where its ADC is not between 0 and 5000e-6 mm2/s.
    """
    b = np.asarray(b_values, float)
    if len(np.unique(b)) < 2:
        raise ValueError("a fit needs two different b-values")
    stack = np.stack([np.asarray(signal, np.float32) for signal in signals])
    positive = np.isfinite(stack).all(axis=0) & (stack > 0).all(axis=0)
    logarithm = np.log(np.where(positive, stack, 1.0))
    weights = (b - b.mean()) / ((b - b.mean()) ** 2).sum()
    slope = np.tensordot(weights, logarithm, axes=1)
    intercept = logarithm.mean(axis=0) - slope * b.mean()
    adc = -1e6 * slope
    valid = positive & (adc > 0) & (adc <= _MOST_ADC)
    return DiffusionFit(
        adc=np.where(valid, adc, 0).astype(np.float32),
        s0=np.where(valid, np.exp(np.where(valid, intercept, 0)), 0).astype(np.float32),
        valid=valid,
    )


def trace(directions: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The geometric mean over gradient directions: direction-free diffusion weighting."""
    logarithms = [np.log(np.maximum(signal, 1e-6)) for signal in directions]
    mean: NDArray[np.float32] = np.exp(np.mean(logarithms, axis=0)).astype(np.float32)
    return mean
