"""The trivial rules on a volume made by hand."""

import numpy as np
import pytest

from Evaluation.making import GRID, volume
from ProstateAlignRefineLib.benchmark.rules import brightest_hbv, lowest_adc
from ProstateAlignRefineLib.core.geometry import to_image
from ProstateAlignRefineLib.core.study import Study

GLAND = (slice(1, 7), slice(5, 25), slice(5, 25))
BRIGHT = (slice(3, 4), slice(10, 11), slice(12, 13))
BRIGHTER_OUTSIDE = (slice(3, 4), slice(28, 29), slice(2, 3))
DARK = (slice(4, 6), slice(16, 21), slice(16, 21))
DARK_NOISE = (slice(2, 3), slice(8, 9), slice(8, 9))
MASKED = (slice(2, 3), slice(20, 22), slice(8, 10))


@pytest.fixture
def a_study() -> Study:
    """The gland at 100 with a bright voxel, a brighter one outside; an ADC with a dark region and a darker voxel."""
    hbv = volume((GLAND, 100), (BRIGHT, 300), (BRIGHTER_OUTSIDE, 900))
    hbv[GLAND] += np.random.default_rng(0).normal(0, 5, hbv[GLAND].shape)
    adc = volume((GLAND, 1500), (DARK, 700), (DARK_NOISE, 600), (MASKED, 0))
    return Study(*(to_image(values.astype(np.float32), GRID) for values in (hbv, adc, hbv)))


@pytest.fixture
def a_gland() -> np.ndarray:
    return volume((GLAND, 1)) > 0


def test_the_ball_lies_about_the_brightest_voxel_of_the_gland(a_study, a_gland):
    """Radius 4 mm on voxels of 1 x 1.2 x 2.5 mm (x, y, z): 4, 3 and 1 of them to each side."""
    ball = brightest_hbv(a_study, a_gland, radius_mm=4.0)
    places = np.argwhere(ball.mask)
    np.testing.assert_array_equal(places.mean(axis=0), (3, 10, 12))
    np.testing.assert_array_equal(np.ptp(places, axis=0), (2, 6, 8))
    assert ball.mask[3, 10, 16]
    assert not ball.mask[3, 14, 13]
    assert not ball.graded


def test_a_place_that_stands_out_more_gets_more_confidence(a_study, a_gland):
    faint = volume((GLAND, 100), (BRIGHT, 115)).astype(np.float32)
    faint[GLAND] += np.random.default_rng(0).normal(0, 5, faint[GLAND].shape)
    other = Study(a_study.t2w, a_study.adc, to_image(faint, GRID))
    strong, weak = (brightest_hbv(study, a_gland).confidence.max() for study in (a_study, other))
    assert 0 < weak < strong < 1


def test_the_adc_rule_takes_a_region_not_a_noisy_or_masked_voxel(a_study, a_gland):
    centre = np.argwhere(lowest_adc(a_study, a_gland).mask).mean(axis=0)
    assert np.abs(centre - (4.5, 18, 18)).max() < 2


def test_a_rule_without_a_gland_is_a_mistake(a_study):
    with pytest.raises(ValueError, match="gland"):
        brightest_hbv(a_study, np.zeros(GRID.shape, bool))
