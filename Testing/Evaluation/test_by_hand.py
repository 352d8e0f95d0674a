"""Figures of merit of masks that anyone can count, on oblong voxels."""

import numpy as np
import pytest

from ProstateAlignRefineLib.evaluation.detection import detect, match_lesions, without_specks
from ProstateAlignRefineLib.evaluation.metrics import case_metrics, overlap, surface_distances

SPACING_ZYX = (3.0, 0.8, 0.5)


def block(z: slice, y: slice, x: slice) -> np.ndarray:
    mask = np.zeros((12, 40, 50), bool)
    mask[z, y, x] = True
    return mask


TRUE = block(slice(4, 8), slice(10, 20), slice(10, 30))


@pytest.mark.parametrize(("axis", "step_mm"), list(enumerate(SPACING_ZYX)))
def test_a_mask_shifted_by_two_voxels_is_twice_that_axis_spacing_away(axis, step_mm):
    """Along an axis the two end faces move by it, all other surface less: the farthest surface tells the axis."""
    found = surface_distances(TRUE, np.roll(TRUE, 2, axis), SPACING_ZYX)
    assert max(found.from_prediction.max(), found.from_reference.max()) == pytest.approx(2 * step_mm)


def test_overlap_counts_what_is_too_much_and_what_is_missed_apart():
    """400 of 800 voxels found, 100 too many."""
    found = block(slice(4, 8), slice(10, 20), slice(20, 30)) | block(slice(0, 1), slice(0, 10), slice(40, 50))
    counts = overlap(TRUE, found)
    assert (counts.tp, counts.fp, counts.fn) == (400, 100, 400)
    assert (counts.dice, counts.precision, counts.recall) == pytest.approx((800 / 1300, 0.8, 0.5))
    metrics = case_metrics(TRUE, found, SPACING_ZYX)
    assert (metrics.reference_ml, metrics.prediction_ml) == pytest.approx((800 * 1.2e-3, 500 * 1.2e-3))


def test_a_surface_within_the_tolerance_counts_at_the_tolerance_too():
    """Two slices of 3 mm apart: within 6 mm all, within 5.9 mm none."""
    flat = block(slice(4, 5), slice(10, 20), slice(10, 30))
    surface = surface_distances(flat, np.roll(flat, 2, 0), SPACING_ZYX)
    assert (surface.nsd(6.0), surface.nsd(5.9)) == (1.0, 0.0)
    assert (surface.hd95, surface.assd) == (6.0, 6.0)


def test_nothing_found_nothing_there_and_one_of_both():
    nothing = TRUE & False
    both = case_metrics(nothing, nothing, SPACING_ZYX)
    assert (both.dice, both.hd95, both.nsd_1mm, both.positive) == (1.0, 0.0, 1.0, False)
    missed = case_metrics(TRUE, nothing, SPACING_ZYX)
    assert (missed.dice, missed.precision, missed.recall, missed.hd95, missed.nsd_2mm) == (0.0, 1.0, 0.0, None, 0.0)
    invented = case_metrics(nothing, TRUE, SPACING_ZYX)
    assert (invented.precision, invented.recall, invented.assd) == (0.0, 1.0, None)


@pytest.mark.parametrize(("columns", "hit"), [(10, True), (9, False)])
def test_a_lesion_is_found_from_a_tenth_of_overlap_on(columns, hit):
    """100 columns of lesion, of which 10 are found and none besides: an intersection over union of exactly 0.10."""
    lesions, found = np.zeros((3, 3, 120), np.uint8), np.zeros((3, 3, 120), bool)
    lesions[1, 1, 5:105] = 7
    found[1, 1, 5 : 5 + columns] = True
    matching = match_lesions(lesions, found)
    assert matching.pairs == ({7: 1} if hit else {})
    assert matching.false_positives == (() if hit else (1,))


def test_the_smallest_volume_is_in_millilitres_and_counts_itself():
    ml = float(np.prod(SPACING_ZYX)) / 1000
    mask = block(slice(1, 2), slice(1, 2), slice(1, 6)) | block(slice(5, 6), slice(5, 6), slice(5, 9))
    assert without_specks(mask, SPACING_ZYX, 5 * ml).sum() == 5
    assert without_specks(mask, SPACING_ZYX, 4 * ml).sum() == 9
    assert detect(TRUE.astype(np.uint8), mask, SPACING_ZYX, 4.5 * ml) == detect(
        TRUE.astype(np.uint8), block(slice(1, 2), slice(1, 2), slice(1, 6)), SPACING_ZYX, 0.0
    )
