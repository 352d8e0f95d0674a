"""Metrics equal the reference vectors, hand-made cases and MONAI's own."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice

from ProstateAlignRefineLib.evaluation.metrics import case_metrics, overlap, surface_distances

SPACING = (3.0, 0.5, 0.5)
CASES = ["overlap", "missed", "false_positive", "both_empty", "two_lesions_one_found", "random"]


@pytest.mark.parametrize("case", CASES)
def test_metrics_equal_the_reference(case: str, reference_vectors: Path) -> None:
    with np.load(reference_vectors / "arrays.npz") as arrays:
        reference, prediction = (arrays[f"metric_{case}_{which}"] > 0 for which in ("reference", "prediction"))
    rows = [r for r in json.loads((reference_vectors / "values.json").read_text())["metrics"] if r["case"] == case]
    assert len(rows) == 2
    for row in rows:
        counts = overlap(reference, prediction)
        surface = surface_distances(reference, prediction, row["spacing_zyx_mm"])
        assert (counts.tp, counts.fp, counts.fn) == (row["tp"], row["fp"], row["fn"])
        found = (counts.dice, counts.precision, counts.recall, surface.nsd(row["tolerance_mm"]))
        assert found == pytest.approx((row["dice"], row["precision"], row["recall"], row["nsd"]), abs=1e-6)
        for distance, expected in ((surface.hd95_pooled, row["hd95"]), (surface.assd, row["assd"])):
            assert distance == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_hd95_is_the_larger_directed_percentile_and_not_the_pooled_one() -> None:
    reference = np.zeros((8, 60, 60), bool)
    reference[2:6, 10:50, 10:50] = True
    prediction = reference.copy()
    prediction[4, 55:57, 55:57] = True
    prediction[3:5, 10:50, 10:14] = False
    surface = surface_distances(reference, prediction, SPACING)
    directed = [np.percentile(d, 95) for d in (surface.from_prediction, surface.from_reference)]
    assert surface.hd95 == max(directed)
    assert surface.hd95_pooled == np.percentile(surface.pooled, 95)
    assert surface.hd95 >= surface.hd95_pooled


def test_surface_measures_agree_with_monai() -> None:
    noise = np.random.default_rng(1)
    reference, prediction = (noise.random((6, 20, 20)) > 0.8 for _ in range(2))
    found = case_metrics(reference, prediction, SPACING)
    masks = [torch.from_numpy(m)[None, None].float() for m in (prediction, reference)]
    spacing = list(SPACING)
    shared = {"include_background": True, "spacing": spacing}
    assert float(compute_hausdorff_distance(*masks, percentile=95, **shared)) == pytest.approx(found.hd95, rel=1e-5)
    assert float(compute_surface_dice(*masks, [1.0], **shared)) == pytest.approx(found.nsd_1mm, abs=1e-6)


def test_a_shift_by_one_slice_is_one_slice_thickness_far() -> None:
    reference = np.zeros((10, 30, 30), bool)
    reference[3, 10:20, 10:20] = True
    found = case_metrics(reference, np.roll(reference, 1, axis=0), SPACING)
    assert found.dice == 0.0
    assert (found.hd95, found.assd, found.nsd_2mm) == (3.0, 3.0, 0.0)
    assert found.reference_ml == pytest.approx(100 * 0.75 / 1000)
    assert found.positive


def test_masks_on_two_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="one grid"):
        case_metrics(np.zeros((2, 2, 2), bool), np.zeros((2, 2, 3), bool), SPACING)
