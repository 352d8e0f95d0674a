"""Lesions found and false alarms, and whether confidence means what it says."""

import numpy as np
import pytest

from ProstateAlignRefineLib.evaluation.calibration import Reliability, fit_temperature, probabilities
from ProstateAlignRefineLib.evaluation.detection import Detection, detect

SPACING = (3.0, 1.0, 1.0)


@pytest.fixture
def two_lesions() -> np.ndarray:
    lesions = np.zeros((8, 40, 40), np.uint8)
    lesions[2:5, 5:15, 5:15] = 1
    lesions[2:5, 25:35, 25:35] = 2
    return lesions


def test_a_lesion_is_found_from_a_tenth_of_overlap_on(two_lesions: np.ndarray) -> None:
    prediction = np.zeros(two_lesions.shape, bool)
    prediction[2:5, 5:15, 5:7] = True  # 20 % of the first
    prediction[2:5, 25:30, 25:26] = True  # 5 % of the second
    assert detect(two_lesions, prediction, SPACING, 0.0) == Detection(lesions=2, found=1, false_positives=1)


def test_two_pieces_on_one_lesion_are_one_hit_and_no_false_alarm(two_lesions: np.ndarray) -> None:
    prediction = two_lesions == 1
    prediction[:, 9, :] = False
    assert detect(two_lesions, prediction, SPACING, 0.0) == Detection(lesions=2, found=1, false_positives=0)


def test_one_piece_over_both_lesions_finds_one(two_lesions: np.ndarray) -> None:
    prediction = two_lesions > 0
    prediction[3, 14:26, 14:26] |= np.eye(12, dtype=bool)
    assert detect(two_lesions, prediction, SPACING, 0.0).found == 1


def test_small_components_do_not_count(two_lesions: np.ndarray) -> None:
    prediction = np.zeros(two_lesions.shape, bool)
    prediction[7, 0:3, 0:3] = True  # 0.027 mL
    assert detect(two_lesions, prediction, SPACING, 0.0).false_positives == 1
    assert detect(two_lesions, prediction, SPACING, 0.05).false_positives == 0


def test_nothing_predicted_and_nothing_there() -> None:
    nothing = np.zeros((4, 8, 8), np.uint8)
    assert detect(nothing, nothing > 0, SPACING, 0.0) == Detection(0, 0, 0)


def test_calibration_of_margins_drawn_from_their_own_probabilities() -> None:
    rng = np.random.default_rng(0)
    margins = rng.normal(0, 3, 200_000)
    truth = rng.random(margins.size) < probabilities(margins)
    calibrated, bold = (Reliability.of(probabilities(scaled), truth) for scaled in (margins, margins * 2.5))
    assert calibrated.expected_error < 0.005
    assert fit_temperature(margins, truth) == pytest.approx(1.0, abs=0.02)
    assert fit_temperature(margins * 2.5, truth) == pytest.approx(2.5, abs=0.05)
    assert bold.expected_error > 0.03
    assert calibrated.brier < bold.brier


def test_the_error_by_chance_is_what_a_calibrated_claim_gets_on_average() -> None:
    rng = np.random.default_rng(0)
    claims = rng.uniform(0.5, 1.0, 30)
    drawn = [Reliability.of(claims, rng.random(30) < claims).expected_error for _ in range(4000)]
    assert Reliability.of(claims, claims > 0).error_by_chance == pytest.approx(np.mean(drawn), abs=0.005)
    many = np.repeat(claims, 100)
    assert Reliability.of(many, many > 0).error_by_chance < 0.015
