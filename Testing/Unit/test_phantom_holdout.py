"""The second family of synthetic studies: true to its labels, and not the first family in disguise."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, resample, to_array
from ProstateAlignRefineLib.phantom import Phantom, Sampling, Zone, make_phantom

COARSE = Sampling.of_field((1.5, 1.5, 4.0), (108.0, 108.0, 76.0))


@pytest.fixture(scope="module")
def phantoms() -> list[Phantom]:
    return [make_phantom(seed, COARSE, family="holdout") for seed in range(20)]


def test_a_seed_always_makes_the_same_study() -> None:
    one, two = (make_phantom(1, COARSE, family="holdout") for _ in "ab")
    np.testing.assert_array_equal(to_array(one.study.hbv), to_array(two.study.hbv))
    np.testing.assert_array_equal(to_array(one.study.t2w), to_array(two.study.t2w))
    assert one.truth.facts == two.truth.facts


def test_the_same_seed_is_another_patient_than_in_the_first_family(phantoms: list[Phantom]) -> None:
    for seed in (0, 1):
        gland, other = (to_array(p.truth.gland) for p in (phantoms[seed], make_phantom(seed, COARSE)))
        assert not np.array_equal(gland, other)


def test_facts_agree_with_the_labels(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        labels = to_array(phantom.truth.lesions)
        assert labels.max() == len(phantom.truth.facts) <= 3
        for fact in phantom.truth.facts:
            assert fact.volume_ml == pytest.approx((labels == fact.label).sum() * phantom.study.grid.voxel_ml)


def test_positives_and_negatives_both_occur(phantoms: list[Phantom]) -> None:
    assert 3 <= sum(not phantom.truth.facts for phantom in phantoms) <= 15


def test_glands_are_of_human_size_and_hold_every_zone(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        zones = to_array(phantom.truth.zones)
        assert 15 < to_array(phantom.truth.gland).sum() * phantom.study.grid.voxel_ml < 150
        assert {Zone.PERIPHERAL, Zone.TRANSITION, Zone.URETHRA, Zone.RECTUM} <= set(np.unique(zones))


def test_lesions_have_less_adc_than_their_own_zone(phantoms: list[Phantom]) -> None:
    darker = []
    for phantom in phantoms:
        adc = to_array(resample(phantom.study.adc, phantom.study.grid, NEAREST))
        labels, zones = to_array(phantom.truth.lesions), to_array(phantom.truth.zones)
        for fact in phantom.truth.facts:
            inside, around = labels == fact.label, (labels == 0) & (zones == fact.zone)
            if inside.sum() >= 40 and around.sum() >= 40:
                darker.append(np.median(adc[inside]) < np.median(adc[around]))
    assert len(darker) >= 6
    assert np.mean(darker) > 0.85


def test_diffusion_has_its_own_grid(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        assert Grid.of(phantom.study.adc) == Grid.of(phantom.study.hbv) != phantom.study.grid
