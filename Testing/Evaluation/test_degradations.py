"""What is done to a study on purpose, on hand-made volumes."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.benchmark.curve_plots import points_along
from ProstateAlignRefineLib.benchmark.curves import TELLING, DegradedRow, blank_adc, curves_report
from ProstateAlignRefineLib.benchmark.degradations import (
    MIRRORED,
    UNCHANGED,
    adc_scaled,
    degradations,
    hbv_noisy,
    mirrored,
    shifted,
    t2w_biased,
    t2w_gamma,
    t2w_inverted,
    without_adc,
    without_hbv,
    without_t2w,
)
from ProstateAlignRefineLib.core.geometry import Grid, resample, to_array, to_image
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.evaluation.detection import Detection

TURN = np.deg2rad(20)
OBLIQUE = (np.cos(TURN), -np.sin(TURN), 0, np.sin(TURN), np.cos(TURN), 0, 0, 0, 1)


@pytest.fixture
def a_study() -> Study:
    """T2W and DWI on grids of their own with different centres, turned in plane; random values."""
    rng = np.random.default_rng(1)
    t2w = Grid((30, 28, 6), (1.0, 1.0, 3.0), (-10.0, 5.0, 0.0), OBLIQUE)
    dwi = Grid((18, 20, 6), (2.0, 2.0, 3.0), (-13.0, 2.0, 0.0), OBLIQUE)
    images = [to_image(rng.uniform(50, 200, g.shape).astype(np.float32), g) for g in (t2w, dwi, dwi)]
    return Study(*images)


def centre_of(image: sitk.Image) -> np.ndarray:
    return Grid.of(image).centre


def test_diffusion_moves_as_far_as_it_should_in_the_slice_plane(a_study):
    moved = shifted(a_study, "a", 4.0)
    for before, after in ((a_study.adc, moved.adc), (a_study.hbv, moved.hbv)):
        step = centre_of(after) - centre_of(before)
        assert np.linalg.norm(step) == pytest.approx(4.0)
        assert step @ a_study.grid.axes[:, 2] == pytest.approx(0, abs=1e-9)
        np.testing.assert_array_equal(to_array(after), to_array(before))
    assert Grid.of(moved.t2w) == a_study.grid


def test_the_same_study_moves_the_same_way_and_others_another(a_study):
    one, again, other = (centre_of(shifted(a_study, name, 4.0).adc) for name in ("a", "a", "b"))
    np.testing.assert_array_equal(one, again)
    assert np.linalg.norm(one - other) > 0.1


def test_a_mirrored_study_is_the_mirror_image_of_all_volumes_on_the_t2w_grid(a_study):
    """DWI has another centre than the T2W, so turning its rows round is not enough."""
    reflected = mirrored(a_study, "a")
    assert reflected.grid.matches(a_study.grid)
    for name in ("t2w", "adc", "hbv"):
        before, after = (to_array(resample(getattr(study, name), a_study.grid)) for study in (a_study, reflected))
        np.testing.assert_allclose(after, before[..., ::-1], atol=1e-3)
        assert np.linalg.det(Grid.of(getattr(reflected, name)).axes) == pytest.approx(1)


def test_twice_mirrored_is_the_study_itself(a_study):
    again = mirrored(mirrored(a_study, "a"), "a")
    np.testing.assert_array_equal(to_array(again.adc), to_array(a_study.adc))
    assert Grid.of(again.adc).matches(Grid.of(a_study.adc))


def test_intensities_change_as_named_and_nothing_else_does(a_study):
    t2w, adc, hbv = (to_array(image) for image in (a_study.t2w, a_study.adc, a_study.hbv))
    np.testing.assert_allclose(to_array(adc_scaled(a_study, "a", 0.8).adc), 0.8 * adc, rtol=1e-6)
    noisy = to_array(hbv_noisy(a_study, "a", 0.2).hbv)
    assert np.std(noisy - hbv) == pytest.approx(0.2 * np.median(hbv), rel=0.1)
    assert noisy.min() > 0
    factor = to_array(t2w_biased(a_study, "a", 0.3).t2w) / t2w
    assert (factor.min(), factor.max()) == (pytest.approx(0.7, abs=1e-4), pytest.approx(1.3, abs=1e-4))
    curved = to_array(t2w_gamma(a_study, "a", 1.5).t2w)
    np.testing.assert_array_equal(np.argsort(curved.ravel()), np.argsort(t2w.ravel()))
    assert curved.min() < t2w.min()
    assert hbv_noisy(a_study, "a", 0.2).adc is a_study.adc


@pytest.mark.parametrize("normalization", ["image", "region", "absolute_adc"])
def test_a_blank_channel_is_zero_for_the_network(a_study, normalization):
    """The region read is wider than the diffusion images."""
    from ProstateAlignRefineLib.bundle.config import Preprocessing
    from ProstateAlignRefineLib.inference.preprocess import network_volumes

    preprocessing = Preprocessing((3.0, 2.0, 2.0), 60.0, (4, 8, 8), normalization, smoothing=True)
    no_adc = without_adc(a_study, "a", blank_adc(preprocessing))
    for study, blank in ((without_t2w(a_study, "a"), 0), (no_adc, 1), (without_hbv(a_study, "a"), 2)):
        volumes, _ = network_volumes(study, preprocessing, ("T2W", "ADC", "HBV"))
        assert np.abs(volumes[blank]).max() < 1e-3
        assert all(volumes[other].std() > 0.1 for other in range(3) if other != blank)


def test_an_inverted_t2w_is_dark_where_it_was_bright_and_keeps_its_range(a_study):
    before, after = to_array(a_study.t2w), to_array(t2w_inverted(a_study, "a").t2w)
    inside = (before > np.percentile(before, 1)) & (before < np.percentile(before, 99))
    assert np.corrcoef(before[inside], after[inside])[0, 1] == pytest.approx(-1.0)
    assert (after.min(), after.max()) == pytest.approx(tuple(np.percentile(before, (0.5, 99.5))), rel=1e-4)
    assert t2w_inverted(a_study, "a").adc is a_study.adc


def rows_of(patient: str, positive: bool, dice: float, alarms: int) -> tuple[DegradedRow, ...]:
    """As acquired perfect, else as told."""
    perfect = DegradedRow(patient, positive, 1.0, 1.0, Detection(int(positive), int(positive), 0), not positive)
    found = Detection(int(positive), int(positive and dice > 0.1), alarms)
    worse = DegradedRow(patient, positive, dice, 0.5 if positive or alarms else 1.0, found, not (positive or alarms))
    return tuple(perfect if one is UNCHANGED else worse for one in degradations(0.0))


def test_curves_count_positives_negatives_and_the_loss():
    report = curves_report(
        [
            rows_of("holdout-full/a", True, 0.6, 0),
            rows_of("standard-full/a", True, 0.0, 1),
            rows_of("standard-full/b", False, 0.0, 2),
            rows_of("standard-full/c", False, 1.0, 0),
        ],
        resamples=20,
    )
    assert (report["studies"], report["positives"], report["lesions"]) == (4, 2, 2)
    first, last = report["points"][0], report["points"][-1]
    assert last["curve"] == MIRRORED.curve
    assert {name: value["value"] for name, value in first["figures"].items()} == {
        "Dice, positives": 1.0,
        "lesion sensitivity": 1.0,
        "false positives a case": 0.0,
        "empty answer, share of negatives": 1.0,
        "agreement": 1.0,
        TELLING: 1.0,
    }
    assert last["differences"]["Dice, positives"]["value"] == pytest.approx(-0.7)
    assert last["figures"]["lesion sensitivity"]["value"] == 0.5
    assert last["figures"]["false positives a case"]["value"] == 0.75
    assert last["figures"]["empty answer, share of negatives"]["value"] == 0.5
    assert last["figures"]["agreement"]["value"] == 0.625
    assert last["figures"][TELLING]["value"] == 0.5
    assert last["by family"]["holdout"]["Dice, positives"] == 0.6


@pytest.mark.parametrize(
    ("curve", "amounts"),
    [("ADC times", ["0.8", "", "1.25"]), ("T2W gamma", ["0.7", "", "1.5"]), ("DWI displaced, mm", ["", "2", "4", "6"])],
)
def test_a_curve_runs_through_the_study_as_acquired_where_it_belongs(curve, amounts):
    report = {"points": [{"curve": one.curve, "amount": one.amount} for one in degradations(0.0)]}
    assert [point["amount"] for point in points_along(report, curve)] == amounts
