"""The judge of a bundle: rows on hand-made answers, and the card from figures written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from Evaluation.making import FIRST, GRID, SECOND, volume
from ProstateAlignRefineLib.benchmark.families import drawn_figures, family_report, worst
from ProstateAlignRefineLib.benchmark.gallery import shown_slice
from ProstateAlignRefineLib.benchmark.judging import SYSTEMS, GatedAnswer, judged_answer, judged_rule
from ProstateAlignRefineLib.benchmark.phantom_study import PhantomStudy, load_phantom_study, save_phantom_study
from ProstateAlignRefineLib.benchmark.real import RealStudy, figures_of
from ProstateAlignRefineLib.benchmark.rows import anatomy_row, benchmark_figures, within
from ProstateAlignRefineLib.benchmark.rules import brightest_hbv
from ProstateAlignRefineLib.benchmark.targets import verdicts
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import to_image
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.evaluation.calibration import probabilities
from ProstateAlignRefineLib.evaluation.volumes import Prediction
from ProstateAlignRefineLib.results.lesions_at import lesions_at
from ProstateAlignRefineLib.results.setting import Setting

pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")

GLAND = (slice(1, 7), slice(3, 27), slice(3, 27))
ELSEWHERE = (slice(5, 7), slice(24, 29), slice(2, 8))
BESIDE = (slice(5, 7), slice(27, 30), slice(2, 10))  # outside the gland
SIZE = 30 * 30 * 8


def a_study(name: str, *lesions: tuple[slice, ...]) -> PhantomStudy:
    """A gland of peripheral zone with these lesions, where the HBV is bright."""
    labels = volume(*((place, number) for number, place in enumerate(lesions, 1))).astype(np.uint8)
    zones = volume((GLAND, GlandZone.PERIPHERAL)).astype(np.uint8)
    hbv = volume((GLAND, 100)) + np.random.default_rng(0).normal(0, 5, GRID.shape) + 200 * (labels > 0)
    study = Study(*(to_image(values.astype(np.float32), GRID) for values in (hbv, hbv, hbv)))
    return PhantomStudy(name, study, labels, zones)


EVEN_ADC = to_image(np.ones(GRID.shape, np.float32), GRID)


def told(*places: tuple[slice, ...], probability: float = 0.9, zones: np.ndarray | None = None) -> GatedAnswer:
    """An answer that is sure of these places, as sure as `probability`, and of nothing else."""
    logit = float(np.log(probability / (1 - probability)))
    margin = volume(*((place, 1) for place in places))
    margin = np.where(margin > 0, logit, -20).astype(np.float32)
    confidence = probabilities(margin).astype(np.float32)
    maps = Maps(GRID, margin, margin, confidence, confidence, zones)
    found = lesions_at(maps, EVEN_ADC, Setting(1.0, 0.0, 0.05))
    return GatedAnswer(maps, found, Prediction(confidence, found.whole > 0, True, False))


def judged(study: PhantomStudy, answer: GatedAnswer):
    return judged_answer(study, answer, within(study.gland, (3, 1, 1)), 0.05)


def test_a_perfect_answer_is_perfect_in_every_figure():
    study, healthy = a_study("a", FIRST, SECOND), a_study("b")
    rows = [
        judged(study, told(FIRST, SECOND, probability=0.99, zones=study.zones)),
        judged(healthy, told(zones=healthy.zones)),
    ]
    figures = benchmark_figures(rows)
    for name in ("Dice, positives", "NSD 1 mm, positives", "lesion sensitivity", "AP", "AUROC", "Dice, gland"):
        assert figures[name] == pytest.approx(1.0), name
    assert figures["empty answer, share of negatives"] == 1.0
    assert figures["false positives a case"] == 0
    assert figures["ECE, findings"] == pytest.approx(0.01, abs=1e-4)
    assert figures["Brier score, findings"] == pytest.approx(0.0001, abs=1e-5)
    assert figures["gland volume error, mL"] == 0
    assert figures["Dice, transition zone"] is None


def test_an_empty_answer_finds_nothing_and_claims_nothing():
    figures = benchmark_figures([judged(a_study("a", FIRST), told()), judged(a_study("b"), told())])
    assert figures["Dice, positives"] == figures["lesion sensitivity"] == 0
    assert figures["Dice, all cases"] == 0.5
    assert figures["empty answer, share of negatives"] == 1.0
    assert (figures["ECE, findings"], figures["Dice, gland"]) == (None, None)


def test_the_confidence_of_findings_is_held_against_what_they_are():
    """A true finding and a false one, both sure of themselves by 0.8: one of two is right."""
    row = judged(a_study("a", FIRST), told(FIRST, ELSEWHERE, probability=0.8))
    assert row.findings.count.sum() == 2
    assert row.findings.expected_error == pytest.approx(0.3)
    assert row.findings.brier == pytest.approx((0.2**2 + 0.8**2) / 2)


def test_calibration_near_the_gland_and_everywhere_differ_by_their_voxels():
    study = a_study("a", FIRST)
    row = judged(study, told(FIRST, probability=0.75))
    assert row.everywhere.count.sum() == SIZE
    near = within(study.gland, (3, 1, 1), reach_mm=3.0)
    assert near.sum() == 8 * 24 * 24 + 6 * 4 * 3 * 24 + 6 * 4 * 4  # and 4 voxels at each corner: 1,1 1,2 2,1 2,2
    assert row.everywhere.expected_error == pytest.approx(192 * 0.25 / SIZE, rel=1e-3)


def test_anatomy_is_judged_zone_by_zone_and_by_volume():
    truth = volume((GLAND, 1), (FIRST, 2)).astype(np.uint8)
    told_zones = truth.copy()
    told_zones[FIRST[0], FIRST[1], FIRST[2].start : FIRST[2].start + 4] = 1  # half of the transition zone
    row = anatomy_row(told_zones, truth, 0.003)
    assert row.dice["gland"] == 1.0
    assert row.dice["transition zone"] == pytest.approx(2 * 96 / (96 + 192))
    assert row.dice["central zone"] is None
    half = np.where(np.arange(8)[:, None, None] < 4, truth, 0).astype(np.uint8)
    assert anatomy_row(half, truth, 0.003).gland_ml == pytest.approx(truth[:4].astype(bool).sum() * 0.003)


def families_of(answers: dict[str, tuple[PhantomStudy, GatedAnswer]]) -> dict:
    """The report of one family, the model beside itself without refiner and the rules."""
    rows = []
    for study, answer in answers.values():
        row, rule = judged(study, answer), judged_rule(study, brightest_hbv(study.study, study.gland))
        contrasts = tuple(4.0 if lesion.number == 1 else None for lesion in row.lesions)
        rows.append(
            {name: replace(one, contrasts=contrasts) for name, one in zip(SYSTEMS, (row, row, rule, rule), strict=True)}
        )
    return family_report(rows, lambda systems: [drawn_figures(system, 20) for system in systems], 20)


def test_a_family_report_sets_the_model_beside_the_rule():
    cases = {name: (a_study(name, FIRST), told(FIRST)) for name in "abc"}
    report = families_of({**cases, "d": (a_study("d"), told())})
    assert (report["studies"], report["positives"], report["lesions"]) == (4, 3, 3)
    assert report["lesions by volume"] == {"below 0.5 mL": 0, "0.5 to 1.5 mL": 3, "above 1.5 mL": 0}
    assert report["lesions by contrast"] == {"below 1.5": 0, "1.5 to 2.5": 0, "above 2.5": 3}
    model, rule = (report["systems"][name] for name in ("model", "brightest HBV"))
    assert model["lesion sensitivity, contrast above 2.5"]["value"] == 1.0
    assert model["lesion sensitivity, contrast below 1.5"]["value"] is None
    assert model["Dice, positives"]["value"] == 1.0
    assert 0.1 < rule["Dice, positives"]["value"] < 0.9
    assert rule["empty answer, share of negatives"]["value"] == 0
    gap = report["differences"]["brightest HBV"]["Dice, positives"]["value"]
    assert gap == pytest.approx(1 - rule["Dice, positives"]["value"])
    assert report["tests"]["brightest HBV"]["Dice, positives"]["cases"] == 3
    assert report["differences"]["without the refiner"]["Dice, positives"]["value"] == 0
    assert "ECE, gland and 10 mm" in model
    assert report["worst"] == ["a", "b", "c"]


def test_the_worst_are_missed_lesions_then_false_alarms():
    rows = [
        judged(a_study("good", FIRST), told(FIRST)),
        judged(a_study("missed", FIRST), told()),
        judged(a_study("alarm"), told(ELSEWHERE)),
        judged(a_study("silent"), told()),
    ]
    assert worst(rows) == ["missed", "good", "alarm"]


def test_the_gallery_shows_the_slice_of_what_went_wrong():
    truth, found = volume((FIRST, 1)) > 0, volume((ELSEWHERE, 1)) > 0
    assert shown_slice(truth, found) in range(2, 5)
    assert shown_slice(truth, truth | found) in range(5, 7)
    assert shown_slice(truth, truth) in range(2, 5)


def test_a_real_study_ranks_its_findings():
    study = a_study("a", FIRST)
    real = RealStudy(study.study, study.lesions > 0, study.gland)
    answer = told(FIRST, BESIDE, SECOND)
    doubtful = answer.maps.confidence.copy()
    doubtful[FIRST] = 0.6
    found = lesions_at(replace(answer.maps, confidence=doubtful), EVEN_ADC, answer.found.setting)
    report = figures_of(real, replace(answer, found=found), answer)
    assert report["lesion_rank"] == 3
    assert (report["others_in_gland"], report["others_outside"]) == (1, 1)
    assert report["findings"][2]["dice"] == 1.0
    assert report["lesion_ml"] == pytest.approx(0.576)
    assert report["contrasts"][0] > 10  # of HBV alone: its ADC is the same, so that the lesion is bright there, too
    assert 0 < report["rule_dice"] < 1


def test_a_real_study_in_which_the_lesion_is_missed_has_no_rank():
    study = a_study("a", FIRST)
    report = figures_of(RealStudy(study.study, study.lesions > 0, None), told(SECOND), told())
    assert (report["lesion_rank"], report["others_in_gland"], report["rule_dice"]) == (None, None, None)
    assert report["contrasts"] == []
    assert report["dice"] == 0


def test_targets_are_met_or_not_and_what_does_not_exist_is_not():
    figures = {
        "Dice, positives": 0.68,
        "lesion sensitivity": 0.84,
        "false positives a case": 0.5,
        "lesion sensitivity at 0.5 false positives a case": 0.9,
        "empty answer, share of negatives": 0.59,
        "ECE, gland and 10 mm": 0.01,
        "ECE, findings": None,
    }
    systems = {"model": {name: {"value": value} for name, value in figures.items()}}
    real = {"lesion_rank": None, "dice": 0.5, "others_in_gland": 2}
    found = verdicts(
        {"families": {"holdout": {"systems": systems}}, "real": real, "model": {"megabytes": 41.0, "parameters": 1}}
    )
    assert [one["met"] for one in found] == [True, False, True, True, False, True, False, False, True, False, False]
    assert found[-1] == {"where": "model", "figure": "megabytes", "target": "at most 40", "value": 41.0, "met": False}


def test_a_phantom_study_comes_back_from_its_files(tmp_path):
    study = a_study("phantom-1", FIRST, SECOND)
    save_phantom_study(study, tmp_path / "phantom-1")
    again = load_phantom_study(tmp_path / "phantom-1")
    assert again.name == "phantom-1"
    np.testing.assert_array_equal(again.lesions, study.lesions)
    np.testing.assert_array_equal(again.zones, study.zones)
    assert again.study.grid.matches(study.study.grid)
