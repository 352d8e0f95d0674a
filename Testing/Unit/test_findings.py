"""A finding: one peak, cut from its neighbour at a deep saddle, and judged by a rule that can be read."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core import schema
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.findings.judge import Judge
from ProstateAlignRefineLib.core.findings.measures import MEASURES, OrdinaryTissue
from ProstateAlignRefineLib.core.findings.regions import DEPTH, Peaks
from ProstateAlignRefineLib.core.findings.rule import FindingRule, FrocPoint, Term
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.results.lesions_at import lesions_at
from ProstateAlignRefineLib.results.setting import Paint, Setting

COS, SIN = np.cos(0.3), np.sin(0.3)
# Rows run towards the front, slices towards the head, tilted about the left-right axis.
GRID = Grid((48, 40, 10), (0.6, 0.8, 3.0), (-20.0, 15.0, -30.0), (1, 0, 0, 0, -COS, -SIN, 0, SIN, -COS))
PLACES = np.stack(np.meshgrid(*map(np.arange, GRID.shape), indexing="ij"), axis=-1) * np.array([3.0, 0.8, 0.6])
LEFT, RIGHT = (15.0, 16.0, 8.4), (15.0, 16.0, 14.4)
WEAK = (15.0, 24.0, 24.0)


def hill(centre: tuple[float, float, float], height: float, width_mm: float = 3.0) -> np.ndarray:
    """A margin that falls from `height` by one for every `width_mm` from its centre (z, y, x in mm)."""
    away = np.linalg.norm(PLACES - np.array(centre), axis=-1)
    return height - away * 3.0 / width_mm


def maps_of(*hills: np.ndarray, neck: float | None = None) -> Maps:
    """`neck`: the margin on the straight line between LEFT and RIGHT."""
    margin = np.maximum.reduce([np.full(GRID.shape, -12.0), *hills])
    if neck is not None:
        line = (np.abs(PLACES[..., 0] - 15) < 1) & (np.abs(PLACES[..., 1] - 16) < 0.5)
        between = line & (PLACES[..., 2] > 8) & (PLACES[..., 2] < 15)
        margin[between] = np.maximum(margin[between], neck)
    margin = margin.astype(np.float32)
    confidence = 1 / (1 + np.exp(-margin))
    zones = np.full(GRID.shape, GlandZone.TRANSITION, np.uint8)
    return Maps(GRID, margin, margin, confidence, np.full(GRID.shape, 0.5, np.float32), zones)


ADC = to_image(np.full(GRID.shape, 1000, np.float32), GRID)
NOTHING = dict.fromkeys(Modality, np.full(GRID.shape, 100.0))
FROC = (FrocPoint(0.9, 0.1, 0.5), FrocPoint(0.6, 0.3, 0.7), FrocPoint(0.05, 1.5, 0.9))
# Sure of a margin of 4 (0.88), not of one of -3 (0.12).
RULE = FindingRule(0.0, (Term("peak_margin", 2.0, 1.0, 1.0),), 0.6, FROC, 100, 0.35, 0.25)


@pytest.mark.parametrize(("neck", "count"), [(None, 2), (4.0 - DEPTH - 0.5, 2), (4.0 - DEPTH + 0.5, 1)])
def test_two_lesions_that_touch_are_two_where_the_saddle_between_them_is_deep(neck: float | None, count: int) -> None:
    maps = maps_of(hill(LEFT, 4.0), hill(RIGHT, 4.0), neck=neck)
    assert (
        sitk.GetArrayFromImage(sitk.ConnectedComponent(to_image((maps.base_margin > 0) * np.uint8(1), GRID))).max() == 1
    )
    found = lesions_at(maps, ADC, Setting(0.35, 0.0))
    assert len(found.lesions) == count
    np.testing.assert_array_equal(found.whole > 0, maps.base_margin > 0)  # nothing is lost at the cut
    if count == 2:
        left, right = (PLACES[found.whole == number][:, 2].mean() for number in (1, 2))
        assert sorted((left, right)) == pytest.approx((8.4, 14.4), abs=1.0)
        assert found.lesions[0].volume_ml == pytest.approx(found.lesions[1].volume_ml, rel=0.2)


def test_lesions_that_touch_diagonally_are_two() -> None:
    maps = maps_of()
    margin = maps.base_margin.copy()
    margin[2:4, 4:8, 4:8] = margin[4:6, 8:12, 8:12] = 0.5
    margin[2, 5, 5] = margin[5, 10, 10] = 4.0
    found = lesions_at(replace(maps, base_margin=margin, refined_margin=margin), ADC, Setting(0.35, 0.0))
    assert [lesion.slices for lesion in found.lesions] in ([(2, 3), (4, 5)], [(4, 5), (2, 3)])


def test_a_part_that_is_too_small_stays_with_its_neighbour() -> None:
    maps = maps_of(hill(LEFT, 4.0), hill((15.0, 16.0, 12.0), 2.5, 1.0))
    mask = maps.base_margin > 0
    peaks = Peaks.of(maps.base_margin)
    small = int(np.bincount(peaks.parted(mask, 1).ravel())[1:].min())
    assert peaks.parted(mask, small).max() == 2
    whole = peaks.parted(mask, small + 1)
    assert whole.max() == 1
    np.testing.assert_array_equal(whole > 0, mask)
    assert peaks.parted(mask, int(mask.sum()) + 1).max() == 0


def test_what_the_reader_joined_with_paint_is_one_lesion_and_what_was_erased_does_not_come_back() -> None:
    maps = maps_of(hill(LEFT, 4.0), hill(RIGHT, 4.0))
    judge = Judge(RULE, maps, NOTHING)
    line = np.ravel_multi_index(np.nonzero((np.abs(PLACES - (15.0, 17.6, 11.4)) < (0.5, 0.5, 2.0)).all(-1)), GRID.shape)
    joined = lesions_at(maps, ADC, Setting(0.35, 0.0, paint=Paint(added=line)), judge=judge)
    assert len(joined.lesions) == 1
    right = np.flatnonzero((maps.base_margin > 0) & (PLACES[..., 2] > 11.4))
    erased = lesions_at(maps, ADC, Setting(0.35, 0.0, paint=Paint(erased=right), false_positives=2.0), judge=judge)
    assert len(erased.lesions) == 1
    assert not erased.candidates


def test_the_rule_s_arithmetic_by_hand() -> None:
    terms = (Term("peak_margin", 1.0, 2.0, 1.5), Term("hbv_contrast", 0.5, 0.5, -1.0))
    rule = replace(RULE, bias=-0.25, terms=terms)
    values = np.zeros((3, len(MEASURES)))
    peak, hbv = MEASURES.index("peak_margin"), MEASURES.index("hbv_contrast")
    values[:, peak], values[:, hbv] = (3.0, 1.0, 100.0), (1.0, 0.5, 0.5)
    # -0.25 + 1.5 * 1 - 1 * 1;  -0.25;  -0.25 + 1.5 * 3, since beyond three spreads nothing more was learned
    logits = np.array([0.25, -0.25, 4.25])
    assert rule.confidences(values) == pytest.approx(1 / (1 + np.exp(-logits)))


def test_confidence_rises_with_every_measure_of_positive_weight_and_falls_with_the_others() -> None:
    rule = replace(RULE, terms=(Term("peak_margin", 0.0, 2.0, 1.0), Term("adc_contrast", 0.0, 1.0, -0.5)))
    for name, rises in (("peak_margin", True), ("adc_contrast", False)):
        values = np.zeros((9, len(MEASURES)))
        values[:, MEASURES.index(name)] = np.linspace(-3, 3, 9)
        steps = np.diff(rule.confidences(values))
        assert (steps > 0).all() if rises else (steps <= 0).all()


def test_a_setting_s_false_positives_name_the_confidence_from_which_findings_are_shown() -> None:
    assert [RULE.shown_from(rate) for rate in (0.0, 0.05, 0.3, 1.4, 1.5, 9.0)] == [0.6, 0.6, 0.6, 0.6, 0.05, 0.05]
    assert RULE.expected(0.6) == FROC[1]
    assert RULE.expected(0.05) == FROC[2]


GOOD = schema.to_dict(RULE)


@pytest.mark.fault("a bundle's rule of findings with missing, unknown or impossible entries", "refused: what is wrong")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bias": "high"}, "'bias' must be of type float"),
        ({"terms": []}, "needs terms"),
        ({"terms": [*GOOD["terms"], *GOOD["terms"]]}, "each of another measure"),
        ({"terms": [{**GOOD["terms"][0], "measure": "age"}]}, "an unknown measure"),
        ({"terms": [{**GOOD["terms"][0], "spread": 0.0}]}, "no spread of 'peak_margin'"),
        ({"froc": list(reversed(GOOD["froc"]))}, "no FROC that rises"),
        ({"froc": []}, "no FROC that rises"),
        ({"froc": [{**GOOD["froc"][0], "sensitivity": 1.2}]}, "FROC point that cannot be"),
        ({"operating_confidence": 1.5}, "no FROC that rises"),
        ({"more": 1}, "unknown entries"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_one_sentence(change: dict, told: str) -> None:
    assert schema.from_dict(FindingRule, json.loads(json.dumps(GOOD)), "bundle.json, 'findings'") == RULE
    with pytest.raises(InputError, match=told) as refused:
        schema.from_dict(FindingRule, {**GOOD, **change}, "bundle.json, 'findings'")
    assert str(refused.value).rstrip(".").count(". ") == 0


def test_below_the_operating_point_a_finding_is_a_candidate_and_no_lesion() -> None:
    maps = maps_of(hill(LEFT, 4.0), hill(WEAK, -0.5, 5.0))
    judge = Judge(RULE, maps, NOTHING)
    plain = lesions_at(maps, ADC, Setting(0.35, 0.0, 0.08), judge=judge)
    assert [lesion.confidence for lesion in plain.lesions] == pytest.approx([1 / (1 + np.exp(-2.0))], abs=0.01)
    assert plain.candidates == ()
    shown = lesions_at(maps, ADC, Setting(0.35, 0.0, 0.08, false_positives=1.5), judge=judge)
    np.testing.assert_array_equal(shown.whole, plain.whole)
    (candidate,) = shown.candidates
    assert candidate.number == 2
    assert candidate.confidence == pytest.approx(1 / (1 + np.exp(2.5)), abs=0.02)
    where = shown.whole_candidates == 2
    assert not (where & (shown.whole > 0)).any()
    assert PLACES[where].mean(axis=0) == pytest.approx(WEAK, abs=1.0)
    assert (maps.base_margin[where] <= 0).all()
    # The weak one counts where the rule is sure of it, the strong one does not where the rule is not.
    certain = Judge(replace(RULE, operating_confidence=0.05), maps, NOTHING)
    assert len(lesions_at(maps, ADC, Setting(0.35, 0.0, 0.08), judge=certain).lesions) == 2
    strict = Judge(replace(RULE, operating_confidence=0.95), maps, NOTHING)
    assert lesions_at(maps, ADC, Setting(0.35, 0.0, 0.08), judge=strict).lesions == ()


def test_contrast_is_told_against_ordinary_tissue_of_the_finding_s_own_zone() -> None:
    maps = maps_of(hill(LEFT, 4.0))
    zones = np.full(GRID.shape, GlandZone.TRANSITION, np.uint8)
    zones[:, 30:] = GlandZone.PERIPHERAL
    noise = np.random.default_rng(0).normal(0, 10, GRID.shape)
    image = np.where(zones == GlandZone.TRANSITION, 100.0, 500.0) + noise
    lesion = maps.base_margin > 0
    image[lesion] = 150.0
    tissue = OrdinaryTissue.of(replace(maps, zones=zones), dict.fromkeys(Modality, image))
    (values,) = tissue.measures(lesion.astype(np.int32))
    by_name = dict(zip(MEASURES, values, strict=True))
    assert by_name["t2w_contrast"] == pytest.approx((150 - 100) / 10, rel=0.05)
    assert by_name["adc"] == pytest.approx(0.15)
    assert by_name["peak_margin"] == pytest.approx(maps.base_margin.max())
    assert by_name["log_volume_ml"] == pytest.approx(np.log(lesion.sum() * GRID.voxel_ml))
    assert (by_name["peripheral_share"], by_name["outside_share"]) == (0, 0)


def test_paint_far_from_all_findings_is_a_lesion_beside_those_found_without_it() -> None:
    """What is looked at grows to where the reader painted, and gives the same findings as before elsewhere."""
    maps = maps_of(hill(LEFT, 4.0), hill(WEAK, -0.5, 5.0))
    cold = np.where(maps.base_margin < -3, -20, maps.base_margin).astype(np.float32)
    maps = replace(maps, base_margin=cold, refined_margin=cold)
    judge = Judge(RULE, maps, NOTHING)
    plain = lesions_at(maps, ADC, Setting(0.35, 0.0, false_positives=1.5), judge=judge)
    corner = np.array([0, maps.base_margin.size - 1])
    painted = lesions_at(maps, ADC, Setting(0.35, 0.0, paint=Paint(added=corner), false_positives=1.5), judge=judge)
    assert len(plain.lesions) == len(plain.candidates) == 1
    assert len(painted.lesions) == 3
    assert painted.whole.ravel()[corner].all()
    found = painted.whole > 0
    found.ravel()[corner] = False
    np.testing.assert_array_equal(found, plain.whole > 0)
    np.testing.assert_array_equal(painted.whole_candidates > 0, plain.whole_candidates > 0)
