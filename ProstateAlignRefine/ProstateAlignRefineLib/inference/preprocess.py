"""From a study to what the network reads: one array on one grid, z-scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..bundle.network_grid import field_of_view, network_grid
from ..core.geometry import BSPLINE, Grid, resample, to_array
from ..core.study import Modality, Study
from .soundness import check_input

if TYPE_CHECKING:
    from ..bundle.config import Preprocessing

ADC_MEAN, ADC_DEVIATION = np.float32(1200), np.float32(600)
"""About those of the prostate and what lies around it, 1e-6 mm2/s."""

SIGMAS_PER_VOXEL = 2 * np.sqrt(2 * np.log(2))
"""A Gaussian's full width at half its maximum is one voxel."""

SMALLEST = float(np.finfo(np.float32).tiny)
"""What a volume of zeros is divided by."""


def network_volumes(
    study: Study, preprocessing: Preprocessing, channels: Sequence[str], region: Grid | None = None
) -> tuple[NDArray[np.float32], Grid]:
    """The study as [C, Z, Y, X] in the order of `channels`, z-scored, with the grid it lies on.

    `region`: that grid, the bundle's region somewhere else; None: in the middle of the T2W.

    Volumes are interpolated with cubic B-splines in physical space. The mean and standard deviation are taken over the
    T2W field of view (`image`, as nnU-Net) or over the region read; with `absolute_adc`, those of ADC are constants.
    InputError where a volume shows nothing but a few extreme voxels.
    """
    whole = field_of_view(study.grid, preprocessing)
    region = region or network_grid(study.grid, preprocessing)
    measured = whole if preprocessing.normalization == "image" else region

    def normalized(modality: Modality) -> NDArray[np.float32]:
        volume = study.volume(modality)
        if preprocessing.smoothing:
            volume = smoothed(volume, region.spacing)
        if modality is Modality.ADC and preprocessing.normalization == "absolute_adc":
            values: NDArray[np.float32] = (_on(volume, region) - ADC_MEAN) / ADC_DEVIATION
        else:
            values = _z_scored(volume, measured, region)
        check_input(values, modality.name)
        return values

    return np.stack([normalized(Modality(name.lower())) for name in channels]), region


def _z_scored(volume: sitk.Image, measured: Grid, region: Grid) -> NDArray[np.float32]:
    reference = _on(volume, measured)
    # The squares of what a scaled float image may hold overflow in single precision.
    mean, deviation = float(reference.mean(dtype=np.float64)), float(reference.std(dtype=np.float64))
    values = reference if measured is region else _on(volume, region)
    return ((values - mean) / max(deviation, 1e-8 * abs(mean), SMALLEST)).astype(np.float32)


def smoothed(volume: sitk.Image, spacing: tuple[float, float, float]) -> sitk.Image:
    """Along each of its axes as wide as `spacing` (mm) where that is coarser than its own; as it is elsewhere."""
    smoothed: sitk.Image = sitk.Cast(volume, sitk.sitkFloat32)
    for axis, (own, wanted) in enumerate(zip(volume.GetSpacing(), spacing, strict=True)):
        if wanted > own * 1.01 and volume.GetSize()[axis] >= 4:  # the filter needs as many
            sigma = float(np.sqrt(wanted**2 - own**2) / SIGMAS_PER_VOXEL)
            smoothed = sitk.RecursiveGaussian(smoothed, sigma, direction=axis)
    return smoothed


def _on(volume: sitk.Image, grid: Grid) -> NDArray[np.float32]:
    lowest = float(sitk.GetArrayViewFromImage(volume).min())
    # Cubic splines undershoot at sharp edges; an ADC or a signal below zero is not physics.
    return np.maximum(to_array(resample(volume, grid, BSPLINE)), min(lowest, 0.0)).astype(np.float32)
