"""A lesion's contrast to the gland around it, on volumes made by hand."""

import numpy as np
import pytest

from Evaluation.making import FIRST, GRID, SECOND, volume
from ProstateAlignRefineLib.benchmark.contrast import lesion_contrasts
from ProstateAlignRefineLib.benchmark.phantom_study import PhantomStudy
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import to_image
from ProstateAlignRefineLib.core.study import Study

GLAND = (slice(1, 7), slice(2, 28), slice(2, 28))
# A part of the gland more than 6 mm off the first lesion; the second lies in it.
FAR = (slice(1, 7), slice(2, 28), slice(18, 28))


def a_study(adc: tuple[float, float], hbv: tuple[float, float], *lesions: tuple[slice, ...]) -> PhantomStudy:
    """ADC and HBV are (gland, first lesion); the gland's noise has a standard deviation of 100 and of 10."""
    rng = np.random.default_rng(0)
    values = []
    for (plain, changed), spread in ((adc, 100), (hbv, 10)):
        noisy = volume((GLAND, plain)) + rng.normal(0, spread, GRID.shape)
        noisy[FIRST] = changed
        values.append(to_image(noisy.astype(np.float32), GRID))
    labels = volume(*((place, 1) for place in lesions)).astype(np.uint8)
    zones = volume((GLAND, GlandZone.PERIPHERAL)).astype(np.uint8)
    return PhantomStudy("a", Study(values[1], *values), labels, zones)


def contrasts_of(phantom: PhantomStudy) -> tuple[float | None, ...]:
    return lesion_contrasts(phantom.study, phantom.lesions > 0, phantom.gland)


def test_both_channels_count_in_standard_deviations_of_the_gland_around():
    (contrast,) = contrasts_of(a_study((1500, 1200), (100, 140), FIRST))
    assert contrast == pytest.approx(5.0, rel=0.05)


@pytest.mark.parametrize(("adc", "hbv", "expected"), [(1200, 60, 3), (1800, 140, 4), (1800, 60, 0)])
def test_what_is_brighter_in_adc_or_darker_in_hbv_is_no_contrast(adc, hbv, expected):
    (contrast,) = contrasts_of(a_study((1500, adc), (100, hbv), FIRST))
    assert contrast == pytest.approx(expected, rel=0.05, abs=0.3)


def test_a_second_lesion_and_what_lies_far_off_or_outside_do_not_count():
    """The second lesion, the far side of the gland and what is around it are all as the first lesion is."""
    phantom = a_study((1500, 1200), (100, 140), FIRST, SECOND)
    adc = volume((GLAND, 1500), (FAR, 1200), (FIRST, 1200))
    adc[GLAND] += np.random.default_rng(1).normal(0, 100, adc[GLAND].shape)
    adc[volume((GLAND, 1)) == 0] = 1200
    study = Study(phantom.study.t2w, to_image(adc.astype(np.float32), GRID), to_image(volume(), GRID))
    first, _ = contrasts_of(PhantomStudy("a", study, phantom.lesions, phantom.zones))
    assert first == pytest.approx(3.0, rel=0.1)


def test_a_lesion_that_fills_the_gland_has_no_contrast_and_no_lesion_none_at_all():
    phantom = a_study((1500, 1200), (100, 140), FIRST)
    filled = PhantomStudy("a", phantom.study, phantom.lesions, volume((FIRST, 1)).astype(np.uint8))
    assert contrasts_of(filled) == (None,)
    assert contrasts_of(a_study((1500, 1200), (100, 140))) == ()
