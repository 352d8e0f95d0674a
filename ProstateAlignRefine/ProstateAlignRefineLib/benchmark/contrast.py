"""How far a lesion stands out in diffusion from the gland around it: no answer can be better than what can be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..core.geometry import resample, to_array
from ..core.study import Study
from ..evaluation.detection import NEIGHBOURS_26
from .rows import within

BORDER_MM, RING_MM = 1.5, 6.0

Values = NDArray[np.generic]
Mask = NDArray[np.bool_]


def lesion_contrasts(study: Study, lesions: Mask, gland: Mask) -> tuple[float | None, ...]:
    """Contrast-to-noise of every lesion, in the order in which `cases.judge` numbers them; masks on the T2W grid.

    Of ADC and HBV each the difference between the means of lesion and ring in standard deviations of the ring, where
    the lesion is darker in ADC and brighter in HBV, else 0; then the root of the sum of both squared. The ring is gland
    from 1.5 to 6 mm off the lesion, and at least 1.5 mm off all others. None where there is no ring.
    """
    numbers, count = label(lesions, NEIGHBOURS_26)
    if not count:
        return ()
    spacing = study.grid.spacing_zyx
    plain = gland & ~within(lesions, spacing, BORDER_MM)
    adc, hbv = (to_array(resample(volume, study.grid)) for volume in (study.adc, study.hbv))
    contrasts: list[float | None] = []
    for number in range(1, count + 1):
        lesion = numbers == number
        ring = plain & within(lesion, spacing, RING_MM)
        contrasts.append(_contrast(adc, hbv, lesion, ring) if ring.any() else None)
    return tuple(contrasts)


def _contrast(adc: Values, hbv: Values, lesion: Mask, ring: Mask) -> float:
    darker, brighter = -_excess(adc, lesion, ring), _excess(hbv, lesion, ring)
    return float(np.hypot(max(darker, 0.0), max(brighter, 0.0)))


def _excess(values: Values, lesion: Mask, ring: Mask) -> float:
    return float(values[lesion].mean() - values[ring].mean()) / max(float(values[ring].std()), 1e-6)
