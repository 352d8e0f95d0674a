"""Figures of a cohort of four cases, each worked out by hand."""

import numpy as np
import pytest

from Evaluation.making import FIRST, GRID, SECOND, volume
from ProstateAlignRefineLib.evaluation.calibration import Reliability
from ProstateAlignRefineLib.evaluation.candidates import is_detection_map, match_candidates
from ProstateAlignRefineLib.evaluation.cases import CaseRow, judge
from ProstateAlignRefineLib.evaluation.extraction import extract_candidates
from ProstateAlignRefineLib.evaluation.figures import cohort_figures, froc
from ProstateAlignRefineLib.evaluation.statistics import differences, estimates, paired_tests
from ProstateAlignRefineLib.evaluation.volumes import Prediction, ReferenceMask

pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")

ELSEWHERE = (slice(5, 7), slice(24, 29), slice(2, 8))
HALF = (slice(2, 5), slice(4, 12), slice(4, 8))  # half of FIRST


def row(case: str, reference: np.ndarray, confidence: np.ndarray, minimum_ml: float = 0.0) -> CaseRow:
    graded = not is_detection_map(confidence)
    prediction = Prediction(confidence, confidence >= 0.5, graded, False)
    return judge(case, ReferenceMask(reference > 0, GRID), prediction, minimum_ml)


@pytest.fixture
def rows() -> list[CaseRow]:
    """Perfect; first lesion half found at 0.8 and second missed; a false alarm at 0.6; nothing and rightly so."""
    return [
        row("1_1", volume((FIRST, 1)), volume((FIRST, 0.9))),
        row("2_2", volume((FIRST, 3), (SECOND, 2)), volume((HALF, 0.8))),
        row("3_3", volume(), volume((ELSEWHERE, 0.6))),
        row("4_4", volume(), volume()),
    ]


def test_overlap_figures(rows: list[CaseRow]) -> None:
    figures = cohort_figures(rows)
    second = 2 * 96 / (96 + 192 + 75)
    assert figures["Dice, positives"] == pytest.approx((1 + second) / 2)
    assert figures["Dice, all cases"] == pytest.approx((1 + second + 0 + 1) / 4)
    assert figures["empty answer, share of negatives"] == 0.5
    assert rows[1].metrics.reference_ml == pytest.approx(267 * 0.003)


def test_lesion_figures(rows: list[CaseRow]) -> None:
    figures = cohort_figures(rows)
    assert figures["lesion sensitivity"] == pytest.approx(2 / 3)
    assert figures["false positives a case"] == 0.25
    assert figures["lesion precision"] == pytest.approx(2 / 3)
    assert figures["lesion F1"] == pytest.approx(2 / 3)
    assert figures["Dice, lesions found"] == pytest.approx((1 + 2 * 96 / (96 + 192)) / 2)


def test_lesions_are_counted_by_size(rows: list[CaseRow]) -> None:
    figures = cohort_figures(rows)
    assert figures["lesion sensitivity, below 0.5 mL"] == 0.0
    assert figures["lesion sensitivity, 0.5 to 1.5 mL"] == 1.0
    assert figures["lesion sensitivity, above 1.5 mL"] is None
    assert figures["Dice, lesions below 0.5 mL, missed count 0"] == 0.0


def test_detection_figures(rows: list[CaseRow]) -> None:
    """Candidates by confidence: hit, hit, false alarm; a third lesion is never found."""
    figures = cohort_figures(rows)
    assert figures["AP"] == pytest.approx(1 / 3 + 1 / 3)
    assert figures["AUROC"] == 1.0
    assert froc(rows) == (
        [0.0, 0.0, 0.0, 0.25],
        [0.0, pytest.approx(1 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3)],
    )
    assert figures["lesion sensitivity at 0.125 false positives a case"] == pytest.approx(2 / 3)


def test_the_last_hit_counts_where_no_lesion_is_missed() -> None:
    rows = [
        row("1_1", volume((FIRST, 1)), volume((FIRST, 0.9))),
        row("2_2", volume((SECOND, 1)), volume((SECOND, 0.4))),
    ]
    assert froc(rows)[1][-1] == 1.0


def test_a_figure_without_cases_for_it_is_none() -> None:
    figures = cohort_figures([row("4_4", volume(), volume())])
    assert figures["Dice, positives"] is None
    assert (figures["AP"], figures["AUROC"], figures["lesion sensitivity"]) == (None, None, None)
    assert figures["Dice, all cases"] == 1.0
    assert figures["ECE"] is None


def test_a_missed_lesion_has_no_distance_and_dice_zero(rows: list[CaseRow]) -> None:
    missed = rows[1].lesions[1]
    assert not missed.found
    assert (missed.metrics.dice, missed.metrics.nsd_2mm, missed.metrics.hd95) == (0.0, 0.0, None)
    assert missed.metrics.reference_ml == pytest.approx(0.225)


def test_a_found_lesion_is_measured_against_its_own_component() -> None:
    """Half of the first lesion: the far face is 4 mm away, and a false alarm elsewhere does not count."""
    judged = row("1_1", volume((FIRST, 1)), volume((HALF, 0.8), (ELSEWHERE, 0.8)))
    assert judged.lesions[0].metrics.hd95 == pytest.approx(4.0)
    # Of 84 and 156 surface voxels: those of the half inside the lesion are 1.2, 2.4 or 2.5 mm from its surface, twice
    # each; 18 each of the other half's first three columns and 24 of its last are 1 to 4 mm from the half.
    assert judged.lesions[0].metrics.assd == pytest.approx((2 * (1.2 + 2.4 + 2.5) + 18 * (1 + 2 + 3) + 24 * 4) / 240)
    assert judged.metrics.hd95 > 4.0


def test_specks_are_dropped_before_anything_is_measured() -> None:
    speck = (slice(6, 7), slice(0, 2), slice(0, 2))  # 0.012 mL
    for minimum_ml, expected in ((0.0, 1), (0.02, 0)):
        judged = row("1_1", volume((FIRST, 1)), volume((FIRST, 0.9), (speck, 0.9)), minimum_ml)
        assert judged.detection.false_positives == expected
        assert (judged.metrics.dice == 1.0) == (expected == 0)


def test_candidates_of_a_probability_map_reach_to_its_maximum_over_two_and_a_half() -> None:
    confidence = volume((FIRST, 0.2), (HALF, 0.4))
    confidence[3, 6, 6] = 0.45
    matched = match_candidates(confidence, volume((FIRST, 1)) > 0)
    assert [(c.is_lesion, round(c.confidence, 4), round(c.iou, 4)) for c in matched.candidates] == [(True, 0.45, 1.0)]
    assert matched.score == pytest.approx(0.45)


@pytest.mark.parametrize("seed", range(6))
def test_candidates_are_those_of_report_guided_annotation(seed: int) -> None:
    """Smooth noise with specks and neighbouring peaks."""
    package = pytest.importorskip("report_guided_annotation", reason="the extra 'test' is not installed")
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.random((12, 40, 40)), rng.uniform(0.7, 2.5))
    confidence = np.clip((noise - noise.mean()) / noise.std() * rng.uniform(0.05, 0.4), 0, 1).astype(np.float32)
    confidence[:, :7] = 0.001
    expected, candidates, _ = package.extract_lesion_candidates(confidence, threshold="dynamic-v2")
    assert candidates
    np.testing.assert_array_equal(extract_candidates(confidence), expected)


def test_a_map_that_claims_next_to_nothing_has_no_candidates() -> None:
    assert not extract_candidates(np.full(GRID.shape, 0.009, np.float32)).any()
    assert match_candidates(volume(), volume() > 0).candidates == ()


def test_masks_and_detection_maps_are_told_from_probability_maps() -> None:
    assert is_detection_map(volume())
    assert is_detection_map(volume((FIRST, 0.9), (SECOND, 0.3)))
    assert not is_detection_map(volume((FIRST, 0.9), (HALF, 0.3)))


def test_reliability_of_two_bins_and_of_parts_added() -> None:
    probability, truth = np.array([0.1, 0.1, 0.1, 0.1, 0.9, 0.9]), np.array([0, 0, 0, 1, 1, 1], bool)
    whole = Reliability.of(probability, truth)
    assert whole.expected_error == pytest.approx((4 * abs(0.1 - 0.25) + 2 * abs(0.9 - 1.0)) / 6)
    assert whole.brier == pytest.approx((3 * 0.01 + 0.81 + 2 * 0.01) / 6)
    parts = Reliability.of(probability[:2], truth[:2]) + Reliability.of(probability[2:], truth[2:])
    assert (parts.expected_error, parts.brier) == pytest.approx((whole.expected_error, whole.brier))


def test_calibration_keeps_to_its_region() -> None:
    reference, region = volume((FIRST, 1)) > 0, volume((FIRST, 1)) > 0
    confidence = volume((FIRST, 0.5), (HALF, 0.9), (ELSEWHERE, 1.0))
    judged = judge(
        "1_1", ReferenceMask(reference, GRID), Prediction(confidence, confidence >= 0.5, True, False), 0, region
    )
    assert judged.reliability.count.sum() == region.sum()
    assert judged.reliability.expected_error == pytest.approx((96 * 0.5 + 96 * 0.1) / 192, abs=1e-6)


def test_the_bootstrap_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    """Dice 1 in half of 60 cases and 0 in the other: standard error 0.065."""
    hit = row("1_1", volume((FIRST, 1)), volume((FIRST, 0.9)))
    miss = row("2_2", volume((FIRST, 1)), volume())
    from dataclasses import replace

    rows = [replace(hit if i % 2 else miss, case=f"{i}_1", patient=str(i)) for i in range(60)]
    estimate = estimates(rows, resamples=400)["Dice, positives"]
    assert estimate.value == 0.5
    low, high = estimate.interval
    assert low == pytest.approx(0.5 - 1.96 * 0.0645, abs=0.03)
    assert high == pytest.approx(0.5 + 1.96 * 0.0645, abs=0.03)
    assert estimates(rows, resamples=400)["Dice, positives"] == estimate


def test_one_patient_with_all_cases_has_no_spread(rows: list[CaseRow]) -> None:
    from dataclasses import replace

    alone = [replace(item, patient="1") for item in rows]
    estimate = estimates(alone, resamples=20)["Dice, positives"]
    assert estimate.interval == (estimate.value, estimate.value)


def test_paired_tests_tell_a_better_system_and_not_itself() -> None:
    from dataclasses import replace

    good, poor = (row("1_1", volume((FIRST, 1)), volume((part, 0.9))) for part in (FIRST, HALF))
    missed = row("1_1", volume((FIRST, 1)), volume())
    first = [replace(good, case=f"{i}_1", patient=str(i)) for i in range(10)]
    second = [replace(poor if i < 4 else missed, case=f"{i}_1", patient=str(i)) for i in range(10)]
    tests = paired_tests(first, second, resamples=50)
    assert tests["Dice, positives"].p < 0.01
    assert tests["lesion sensitivity"].p == pytest.approx(2 * 0.5**6)
    assert tests["lesion sensitivity"].difference == pytest.approx(0.6)
    assert tests["HD95 mm, positives with a distance in both"].cases == 4
    assert paired_tests(first, first, resamples=50)["Dice, positives"].p == 1.0
    assert differences(first, second, resamples=50)["lesion sensitivity"].value == pytest.approx(0.6)
    assert differences(first, first, resamples=50)["lesion sensitivity"].interval == (0.0, 0.0)


def test_ap_auroc_and_hits_are_those_of_picai_eval_on_a_random_cohort() -> None:
    """Random lesions and detections, several a case, through picai_eval's own way from volumes to figures."""
    from picai_eval import evaluate

    rng = np.random.default_rng(5)

    def boxes(count: int, graded: bool) -> np.ndarray:
        values = volume()
        for _ in range(count):
            z, y, x = rng.integers(0, (5, 22, 22))
            place = (slice(z, z + 3), slice(y, y + 7), slice(x, x + 7))
            if not values[max(z - 1, 0) : z + 4, max(y - 1, 0) : y + 8, max(x - 1, 0) : x + 8].any():
                values[place] = rng.uniform(0.5, 1) if graded else 1
        return values

    truths = [boxes(int(rng.integers(0, 3)), False) for _ in range(30)]
    answers = [np.where(rng.random() < 0.6, t, 0) * 0.75 if t.any() else boxes(2, True) for t in truths]
    answers = [a.astype(np.float32) + (boxes(1, True) if not a.any() else 0) for a in answers]
    rows = [row(f"{i}_1", t, a.astype(np.float32)) for i, (t, a) in enumerate(zip(truths, answers, strict=True))]
    expected = evaluate(answers, [t.astype(int) for t in truths], num_parallel_calls=1)
    figures = cohort_figures(rows)
    assert 0 < figures["AP"] < 1
    assert (figures["AP"], figures["AUROC"]) == pytest.approx((expected.AP, expected.auroc))
    hits = sum(is_lesion and confidence > 0 for is_lesion, confidence, _ in expected.lesion_results_flat)
    assert figures["lesion sensitivity"] == pytest.approx(hits / expected.num_lesions)
    alarms = sum(not is_lesion for is_lesion, *_ in expected.lesion_results_flat)
    assert figures["false positives a case"] == pytest.approx(alarms / len(rows))
