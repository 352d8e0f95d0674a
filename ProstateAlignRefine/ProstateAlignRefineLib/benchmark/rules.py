"""Trivial rules that know the true prostate: the least a model must beat.

Each marks one ball, always, about the most suspicious voxel of the gland, and is as sure of it as that voxel stands out
from the rest of the gland.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..core.boxes import Box, box_of, crop_grid
from ..core.geometry import Grid, resample, to_array
from ..core.study import Study
from ..evaluation.volumes import Prediction

HBV_BALL_MM, ADC_BALL_MM = 8.0, 8.0
"""Radii with the highest mean Dice on 33 positives of both families, by Testing/Benchmarks/rule_radius.py."""
ADC_SMOOTHING_MM = 2.0  # standard deviation; a single dark ADC voxel is mostly noise

Mask = NDArray[np.bool_]


def brightest_hbv(study: Study, gland: Mask, radius_mm: float = HBV_BALL_MM) -> Prediction:
    """A ball about the brightest HBV voxel of the gland [Z, Y, X], on the T2W grid."""
    box = _box(gland)
    values = _on(study.hbv, study.grid, box)
    return _ball(values, gland, box, study.grid, radius_mm)


def lowest_adc(study: Study, gland: Mask, radius_mm: float = ADC_BALL_MM) -> Prediction:
    """A ball about the lowest ADC of the gland, smoothed over the voxels where the map is above zero."""
    box = _box(gland)
    values = _on(study.adc, study.grid, box)
    tissue = ((values > 0) & gland[box.slices]).astype(float)
    sigma = ADC_SMOOTHING_MM / np.asarray(study.grid.spacing_zyx)
    weight = gaussian_filter(tissue, sigma)
    mean = gaussian_filter(values * tissue, sigma) / np.maximum(weight, 1e-6)
    trusted = np.where(tissue > 0, -mean, -np.inf)
    return _ball(trusted if np.isfinite(trusted).any() else -values, gland, box, study.grid, radius_mm)


def _box(gland: Mask) -> Box:
    if not gland.any():
        raise ValueError("a rule that looks into the gland needs one")
    return box_of(gland)


def _on(volume: sitk.Image, grid: Grid, box: Box) -> NDArray[np.float64]:
    return to_array(resample(volume, crop_grid(grid, box))).astype(float)


def _ball(suspicion: NDArray[np.float64], gland: Mask, box: Box, grid: Grid, radius_mm: float) -> Prediction:
    """`suspicion` [Z, Y, X] of the gland's box. The ball reaches as far as the grid does, beyond the gland too."""
    inside = np.where(gland[box.slices], suspicion, -np.inf)
    centre = np.unravel_index(int(inside.argmax()), inside.shape)
    finite = inside[np.isfinite(inside)]
    low, middle, high = np.percentile(finite, (25, 50, 75))
    contrast = max(float(inside[centre] - middle), 0.0) / max(float(high - low), 1e-6)
    places = [np.arange(n) - (low + at) for n, low, at in zip(grid.shape, box.low, centre, strict=True)]
    away = [(p * s) ** 2 for p, s in zip(places, grid.spacing_zyx, strict=True)]
    mask = away[0][:, None, None] + away[1][:, None] + away[2] <= radius_mm**2
    confidence = mask.astype(np.float32) * np.float32(contrast / (1.0 + contrast))
    return Prediction(confidence, mask, graded=False, resampled=False)
