"""What a study must fulfil before a network sees it."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..geometry import Grid, overlap_share, resample, to_array
from ..study import Modality, Study
from .acquisition import check_same_patient
from .coverage import check_extent
from .study_geometry import check_field, check_plane

CENTRE_MM = 60.0
LEAST_OVERLAP = 0.5
LEAST_SLICES = 3
# Median tissue ADC of any prostate study, 1e-6 mm2/s, with room for odd scanners.
ADC_RANGE = (300.0, 3000.0)


def check_volumes(study: Study) -> None:
    """InputError where a volume is no 3D scalar image or shows no prostate, or the T2W is no axial one."""
    for modality in Modality:
        _check_volume(study.volume(modality), modality.value.upper())
        check_extent(study.volume(modality), modality.value.upper())
    check_plane(study.grid)


def check_together(study: Study) -> None:
    """InputError where the series are of different patients, the fields of view differ, or the ADC units are off."""
    check_same_patient(study.headers)
    centre = prostate_region(study.grid)
    for modality in (Modality.ADC, Modality.HBV):
        _check_overlap(study.volume(modality), centre, modality.value.upper())
    _check_adc_units(study.adc, centre)


def prostate_region(t2w: Grid) -> Grid:
    """The middle 60 mm of the T2W field of view, where the prostate lies, at 2 mm or the slice distance."""
    spacing = (2.0, 2.0, max(2.0, t2w.spacing[2]))
    whole = t2w.with_spacing(spacing)
    x, y, z = (min(size, round(CENTRE_MM / step)) for size, step in zip(whole.size, spacing, strict=True))
    return whole.centre_box((x, y, z))


def _check_volume(image: sitk.Image, name: str) -> None:
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(f"The {name} is not a three-dimensional scalar image; give one volume with one value a voxel.")
    if image.GetSize()[2] < LEAST_SLICES:
        raise InputError(f"The {name} has only {image.GetSize()[2]} slices; give the whole axial series.")
    check_field(Grid.of(image), name)
    values = to_array(image)
    if not np.isfinite(values).all():
        raise InputError(f"The {name} holds values that are not numbers; export it again from its source.")
    if values.min() == values.max():
        raise InputError(f"The {name} has the same value at every voxel; give the image itself, not an empty volume.")


def _check_overlap(image: sitk.Image, centre: Grid, name: str) -> None:
    share = overlap_share(image, centre)
    if share < LEAST_OVERLAP:
        raise InputError(
            f"The {name} covers {share:.0%} of the middle of the T2W, at least {LEAST_OVERLAP:.0%} are needed; give a "
            "series that covers the prostate, in the T2W's patient space."
        )


def _check_adc_units(adc: sitk.Image, centre: Grid) -> None:
    values = to_array(resample(adc, centre))
    tissue = values[values > 0]
    median = float(np.median(tissue)) if tissue.size else 0.0
    low, high = ADC_RANGE
    if not low <= median <= high:
        raise InputError(
            f"The ADC has a median of {median:.4g} in the middle of the prostate region, not {low:.0f} to {high:.0f}; "
            f"give a map in 1e-6 mm2/s."
        )
