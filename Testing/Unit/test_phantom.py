"""Synthetic studies: the same for the same seed, and true to what they say of themselves."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, resample, to_array
from ProstateAlignRefineLib.phantom import Phantom, Sampling, Zone, make_phantom
from ProstateAlignRefineLib.phantom.canvas import plain_canvas
from ProstateAlignRefineLib.phantom.diffusion import fit_adc
from ProstateAlignRefineLib.phantom.fields import AnatomyFrame, NoiseBox
from ProstateAlignRefineLib.phantom.gland import TEXTURE_MM, draw_gland, gland_field
from ProstateAlignRefineLib.phantom.lesions import PlacedLesion, draw_plans, paint_lesion
from ProstateAlignRefineLib.phantom.tissue import Contrast, Properties, diffusion_contrast, draw_tissues, t2w_contrast

COARSE_FIELD = (108.0, 108.0, 72.0)
COARSE = Sampling.of_field((1.5, 1.5, 4.0), COARSE_FIELD)


@pytest.fixture(scope="module")
def phantoms() -> list[Phantom]:
    return [make_phantom(seed, COARSE) for seed in range(40)]


def test_a_seed_always_makes_the_same_study() -> None:
    one, two = make_phantom(3, COARSE), make_phantom(3, COARSE)
    for a, b in zip(_images(one), _images(two), strict=True):
        assert Grid.of(a) == Grid.of(b)
        np.testing.assert_array_equal(to_array(a), to_array(b))
    assert one.parameters == two.parameters
    assert one.truth.facts == two.truth.facts


def test_another_seed_makes_another_study() -> None:
    one, two = make_phantom(3, COARSE), make_phantom(4, COARSE)
    assert not np.array_equal(to_array(one.study.t2w), to_array(two.study.t2w))


def test_the_t2w_grid_is_the_one_asked_for(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        assert phantom.study.grid.size == COARSE.size
        assert phantom.study.grid.spacing == COARSE.spacing
        assert Grid.of(phantom.truth.lesions) == Grid.of(phantom.truth.zones) == phantom.study.grid


def test_diffusion_has_its_own_coarser_grid_around_the_t2w_field() -> None:
    phantom = make_phantom(0, Sampling.of_field((0.75, 0.75, 3.0), (120.0, 120.0, 60.0)))
    adc = Grid.of(phantom.study.adc)
    assert adc.spacing[0] > 0.75
    assert adc != phantom.study.grid
    assert Grid.of(phantom.study.hbv) == adc


def test_most_studies_are_oblique(phantoms: list[Phantom]) -> None:
    tilted = [abs(phantom.study.grid.axes[2, 2]) < 0.9995 for phantom in phantoms]
    assert np.mean(tilted) > 0.7
    assert not all(tilted)


def test_gland_volumes_spread_about_51_ml(phantoms: list[Phantom]) -> None:
    volumes = [to_array(p.truth.gland).sum() * p.study.grid.voxel_ml for p in phantoms]
    assert 38 < np.median(volumes) < 66
    assert min(volumes) > 15
    assert max(volumes) < 150


def test_about_four_in_ten_studies_have_no_lesion(phantoms: list[Phantom]) -> None:
    counts = [len(phantom.truth.facts) for phantom in phantoms]
    assert 0.2 < np.mean(np.array(counts) == 0) < 0.6
    assert max(counts) <= 3


def test_lesion_facts_agree_with_the_labels(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        labels = to_array(phantom.truth.lesions)
        assert labels.max() == len(phantom.truth.facts)
        for fact in phantom.truth.facts:
            inside = labels == fact.label
            assert fact.volume_ml == pytest.approx(inside.sum() * phantom.study.grid.voxel_ml)
            assert inside.sum() >= 4
            centre = phantom.study.grid.to_lps(np.argwhere(inside)[:, ::-1].mean(axis=0))
            np.testing.assert_allclose(fact.centre_lps, centre, atol=1e-6)


def test_lesions_lie_in_the_gland_or_reach_a_little_beyond_it(phantoms: list[Phantom]) -> None:
    """In patients 14 % of a lesion lies outside the gland's mask on average."""
    within = []
    for phantom in phantoms:
        lesions, gland = to_array(phantom.truth.lesions) > 0, to_array(phantom.truth.gland) > 0
        if lesions.any():
            within.append(gland[lesions].mean())
    assert min(within) > 0.5
    assert 0.8 < np.mean(within) < 0.98


def test_lesions_are_darker_in_adc_and_brighter_in_hbv_than_their_own_zone(phantoms: list[Phantom]) -> None:
    darker, brighter = [], []
    for phantom in phantoms:
        adc, hbv = (to_array(resample(v, phantom.study.grid, NEAREST)) for v in (phantom.study.adc, phantom.study.hbv))
        labels, zones = to_array(phantom.truth.lesions), to_array(phantom.truth.zones)
        for fact in phantom.truth.facts:
            inside, around = labels == fact.label, (labels == 0) & (zones == fact.zone)
            if inside.sum() < 40 or around.sum() < 40:
                continue
            darker.append(np.median(adc[inside]) < np.median(adc[around]))
            brighter.append(np.median(hbv[inside]) > np.median(hbv[around]))
    assert len(darker) >= 12
    assert np.mean(darker) > 0.9
    assert np.mean(brighter) > 0.85


@pytest.mark.parametrize("contrast", [t2w_contrast(100.0), diffusion_contrast(70.0)])
def test_a_lesion_is_lower_in_adc_than_what_it_grows_in_and_never_brighter_on_t2w(contrast: Contrast) -> None:
    """Also from a stromal nodule, which is as dark and as dense as some cancers are."""
    frame, maps = AnatomyFrame(np.zeros(3), np.eye(3)), len(contrast(Properties(60, 0.85, 1080)))
    tissues = draw_tissues(np.random.default_rng(0))
    gland = draw_gland(np.random.default_rng(1), tissues)
    for seed in range(10):
        canvas = plain_canvas(
            Grid((48, 48, 16), (1.5, 1.5, 3.0), (-36.0, -36.0, -24.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)),
            frame,
            contrast,
            maps,
        )
        for target, value in zip(canvas.maps, contrast(Properties(50, 0.8, 900)), strict=True):
            target[...] = value
        texture = NoiseBox.draw(np.random.default_rng(seed), frame, 52.0, TEXTURE_MM)
        field = gland_field(gland, canvas, texture)
        before = [target.copy() for target in canvas.maps]
        plans = draw_plans(np.random.default_rng(seed), gland, tissues)
        for plan in plans:
            paint_lesion(PlacedLesion(plan, (0.0, 0.0, 0.0), 1.0), canvas, field)
        quantity = [m[0] if len(m) == 1 else m[1] / m[0] for m in (canvas.maps, before)]
        assert (quantity[0] <= quantity[1] * 1.0001).all()
        if plans and maps == 2:
            assert quantity[0].min() < 0.95 * quantity[1].min()


def test_noiseless_signals_give_back_their_adc() -> None:
    b_values = (50.0, 400.0, 800.0)
    truth = np.array([[[700.0, 1200.0, 1700.0]]], np.float32)
    signals = np.stack([3.0 * np.exp(-b * truth * 1e-6) for b in b_values]).astype(np.float32)
    adc, s0 = fit_adc(signals, b_values, floor=0.01)
    np.testing.assert_allclose(adc, truth, rtol=1e-3)
    np.testing.assert_allclose(s0, 3.0, rtol=1e-3)


def test_a_computed_high_b_image_is_s0_exp_minus_b_adc(phantoms: list[Phantom]) -> None:
    """Two voxels of like S0 differ by exp(-b dADC): the logarithm of HBV falls with ADC by b within each tissue."""
    slopes = []
    for phantom in phantoms:
        adc, hbv = (to_array(v).astype(float) for v in (phantom.study.adc, phantom.study.hbv))
        urine = _on_diffusion(phantom, Zone.BLADDER) & (adc > 2400) & (hbv > 0)
        gland = _on_diffusion(phantom, Zone.TRANSITION) & (adc > 900) & (adc < 1600) & (hbv > 0)
        if phantom.parameters["hbv_source"] != "computed from the fit" or min(urine.sum(), gland.sum()) < 20:
            continue
        fall = np.log(np.median(hbv[gland]) / np.median(hbv[urine]))
        expected = float(phantom.parameters["hbv_b_value"]) * 1e-6 * (np.median(adc[urine]) - np.median(adc[gland]))
        # Urine's longer T2 shines through: its S0 is up to six times that of the gland.
        slopes.append(fall - expected)
    assert len(slopes) >= 3
    assert -np.log(8.0) < np.median(slopes) < 0.0


def test_the_patient_is_the_same_however_it_is_sampled(phantoms: list[Phantom]) -> None:
    fine = Sampling.of_field((1.0, 1.0, 3.0), COARSE_FIELD)
    seeds = [seed for seed, p in enumerate(phantoms) if any(f.volume_ml > 0.5 for f in p.truth.facts)][:3]
    assert len(seeds) == 3
    for seed in seeds:
        other = make_phantom(seed, fine)
        assert len(phantoms[seed].truth.facts) == len(other.truth.facts)
        for a, b in zip(phantoms[seed].truth.facts, other.truth.facts, strict=True):
            np.testing.assert_allclose(a.centre_lps, b.centre_lps, atol=2.5)
            assert a.volume_ml == pytest.approx(b.volume_ml, rel=0.4, abs=0.1)


def test_tissues_have_the_adc_of_the_literature(phantoms: list[Phantom]) -> None:
    peripheral, transition = [], []
    for phantom in phantoms:
        adc = to_array(resample(phantom.study.adc, phantom.study.grid, NEAREST)).astype(float)
        zones = np.where(to_array(phantom.truth.lesions) > 0, 0, to_array(phantom.truth.zones))
        peripheral.append(np.median(adc[(zones == Zone.PERIPHERAL) & (adc > 0)]))
        transition.append(np.median(adc[(zones == Zone.TRANSITION) & (adc > 0)]))
    assert 1250 < np.median(peripheral) < 1750
    assert 1100 < np.median(transition) < 1450
    assert np.mean(np.array(peripheral) > np.array(transition)) > 0.75


def test_the_high_b_image_says_its_b_value(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        assert 800 <= float(phantom.study.hbv.GetMetaData("b_value")) <= 2000
        assert float(phantom.study.hbv.GetMetaData("b_value")) == phantom.parameters["hbv_b_value"]


def _on_diffusion(phantom: Phantom, zone: Zone) -> np.ndarray:
    return to_array(resample(phantom.truth.zones, Grid.of(phantom.study.adc), NEAREST)) == zone


def _images(phantom: Phantom) -> tuple[sitk.Image, ...]:
    study, truth = phantom.study, phantom.truth
    return study.t2w, study.adc, study.hbv, truth.lesions, truth.zones
