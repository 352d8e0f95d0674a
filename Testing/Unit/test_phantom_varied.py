"""The family that varies what a single image shows: other tissues, nodules and lesions, true to its labels."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.phantom import Sampling, make_phantom
from ProstateAlignRefineLib.phantom.generate import draw_patient
from ProstateAlignRefineLib.phantom.tissue import Tissue
from ProstateAlignRefineLib.phantom.varied import NODULE_ADC, specked

COARSE = Sampling.of_field((1.5, 1.8, 4.0), (108.0, 108.0, 76.0))
SEEDS = range(24)
OBLIQUE = (1.0, 0.0, 0.0, 0.0, 0.96, -0.28, 0.0, 0.28, 0.96)


@pytest.fixture(scope="module")
def patients():
    return [(draw_patient(seed), draw_patient(seed, varied=True)) for seed in SEEDS]


def test_the_first_family_stays_what_it_is(patients):
    """Its figures are published."""
    plain, _ = patients[3]
    assert len(plain.gland.nodules) == 16
    assert plain.tissues[Tissue.PERIPHERAL].t2 == pytest.approx(217.9342, abs=1e-3)
    assert not any(nodule.exophytic for nodule in plain.gland.nodules)


def test_any_tissue_may_be_as_bright_as_any_other(patients):
    """In plain patients the peripheral zone is always brighter than the transition zone."""
    brighter = [varied.tissues[Tissue.PERIPHERAL].t2 > varied.tissues[Tissue.TRANSITION].t2 for _, varied in patients]
    assert all(plain.tissues[Tissue.PERIPHERAL].t2 > plain.tissues[Tissue.TRANSITION].t2 for plain, _ in patients)
    assert 0.5 < np.mean(brighter) < 0.95


def test_there_are_more_stromal_nodules_of_low_adc(patients):
    for plain, varied in patients:
        new = varied.gland.nodules[len(plain.gland.nodules) :]
        assert len(new) >= 4
        assert all(nodule.stromal and NODULE_ADC[0] <= nodule.tissue.adc <= NODULE_ADC[1] for nodule in new)
    assert any(nodule.exophytic for _, varied in patients for nodule in varied.gland.nodules)


def test_small_lesions_are_more_frequent(patients):
    def small(which):
        plans = [lesion.plan for pair in patients for lesion in pair[which].lesions]
        return np.mean([plan.volume_ml < 0.6 for plan in plans])

    assert small(1) > small(0) + 0.2


def test_a_speck_is_in_one_image_alone():
    grid = Grid((40, 36, 12), (2.0, 2.2, 3.5), (3.0, -5.0, 7.0), OBLIQUE)
    adc, hbv = (to_image(np.full(grid.shape, value, np.float32), grid) for value in (1200.0, 50.0))
    hbv.SetMetaData("b_value", "1400")
    bright, dark = 0, 0
    for seed in range(12):
        one, other = specked(np.random.default_rng(seed), adc, hbv)
        low, high = to_array(one) < 1190, to_array(other) > 51
        bright, dark = bright + high.any(), dark + low.any()
        assert other.GetMetaData("b_value") == "1400"
        assert Grid.of(other).matches(grid)
        assert to_array(one).min() > 300
        assert to_array(other).max() < 400
    assert bright > 3
    assert dark > 3


def test_labels_and_images_are_of_one_patient():
    phantom = next(p for p in (make_phantom(seed, COARSE, "varied") for seed in SEEDS) if p.truth.facts)
    assert phantom.parameters["family"] == "varied"
    labels, t2w = phantom.truth.lesions, phantom.study.t2w
    assert labels.GetSize() == t2w.GetSize()
    adc = to_array(sitk.Resample(phantom.study.adc, t2w))
    zones = to_array(phantom.truth.gland) > 0
    inside = to_array(labels) > 0
    assert np.median(adc[inside]) < np.median(adc[zones & ~inside])
