"""The unit of an ADC map, recognised from its values."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..geometry import Grid, resample, to_array
from .study import ADC_RANGE

# The median range is a decade wide and the units are decades apart, so at most one of them fits.
MICROMETRES = "1e-6 mm2/s"
FACTORS = {MICROMETRES: 1.0, "1e-3 mm2/s": 1e3, "mm2/s": 1e6, "1e-7 mm2/s": 0.1}


def adc_in_micrometres(adc: sitk.Image, centre: Grid) -> tuple[sitk.Image, str]:
    """The map in 1e-6 mm2/s, and the unit it was in.

    The unit is the one in which the median over `centre`, the prostate region, where the map is above zero, lies
    between 300 and 3000e-6 mm2/s. InputError where there is none.
    """
    median = _tissue_median(adc, centre)
    if median == 0.0:
        return adc, MICROMETRES  # it does not reach the prostate region, which is checked and told elsewhere
    for unit, factor in FACTORS.items():
        if ADC_RANGE[0] <= median * factor < ADC_RANGE[1]:
            return (adc if factor == 1.0 else sitk.Cast(adc, sitk.sitkFloat32) * factor), unit
    raise InputError(
        f"The ADC map is in no unit that is known: its tissue median is {median:.3g}, which is no diffusion "
        "coefficient in 1e-6, 1e-3, 1e-7 mm2/s or mm2/s; check that the right series is taken as ADC."
    )


def _tissue_median(adc: sitk.Image, centre: Grid) -> float:
    values = to_array(resample(adc, centre))
    tissue = values[np.isfinite(values) & (values > 0)]
    return float(np.median(tissue)) if tissue.size else 0.0
