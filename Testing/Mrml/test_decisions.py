"""What the reader decides keeps its identity, can be taken back voxel by voxel, and is hidden with everything else."""

# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from Mrml.conftest import FIRST
from Mrml.contents import draw, in_scene, names, segments
from ProstateAlignRefineLib.core.boxes import Box, box_of, crop_grid
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.results.lesions_at import without_small
from ProstateAlignRefineLib.results.review import Decision, review
from ProstateAlignRefineLib.results.setting import Paint, Setting, paint_between
from ProstateAlignRefineLib.scene.display import set_outline, show_ai, show_edits, show_live
from ProstateAlignRefineLib.scene.history import Action, ActionKind, History, Step
from ProstateAlignRefineLib.scene.live import ADDED_ID, MASK_ID, REMOVED_ID
from ProstateAlignRefineLib.scene.maps import heat_range
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.terminology import tag_of
from ProstateAlignRefineLib.scene.volumes import grid_of, ijk_to_ras, image_of, matrix_array, ras_of

CUT = 9  # a row through the first lesion


@pytest.fixture
def splitting(scene, inputs, maps, run):
    """A result whose first lesion falls in two at alpha 1: the refiner erases a row, one before it and four behind."""
    refined = maps.base_margin.copy()
    refined[FIRST[0], CUT, :] = -4.0
    run = replace(run, model=replace(run.model, minimum_lesion_ml=0.0))
    return Reading.start(scene, inputs, replace(maps, refined_margin=refined), run)


def test_the_parts_of_a_split_lesion_are_lesions_of_their_own(splitting):
    """The largest part is still the lesion it was; the other shares its decision, not its identity."""
    whole, other = (found.uid for found in splitting.lesions)
    splitting.decide(1, Decision.ACCEPTED)
    splitting.set_gate(0.35, 1.0)
    assert len(splitting.lesions) == 3
    uids = [found.uid for found in splitting.lesions]
    assert len(set(uids)) == 3
    parts = [found for found in splitting.lesions if found.uid != other]
    larger = max(parts, key=lambda found: found.lesion.volume_ml)
    assert larger.uid == whole
    assert {found.decision for found in parts} == {Decision.ACCEPTED}
    tags = {tag_of(segment, "DICOM.TrackingUID") for segment in segments(splitting.nodes.lesions)}
    assert tags == set(uids)
    assert sorted(splitting.nodes.lesions.GetSegmentation().GetSegmentIDs()) == sorted(uids)
    splitting.set_gate(0.35, 0.0)
    assert [found.uid for found in splitting.lesions] == [whole, other]


def test_a_new_lesion_inherits_nothing(reading):
    reading.decide(1, Decision.ACCEPTED)
    draw(reading.nodes.lesions, reading.lesions[1].uid, (4, 18, 20), 0)
    earlier = {found.uid for found in reading.lesions}
    setting = replace(reading._outcome.setting, paint=Paint(np.array([0]), np.zeros(0, np.int64)))
    alone = review(reading.maps, image_of(reading.inputs.adc), setting, reading.anatomy)
    assert len(alone.lesions) == 3
    assert all(found.decision is Decision.UNDECIDED and found.uid not in earlier for found in alone.lesions)


def test_erasing_takes_back_what_was_painted(reading):
    """A stroke too many, rubbed out again, whatever the gate does meanwhile: the voxel is no lesion."""
    voxel, uid = (3, 14, 8), reading.lesions[0].uid
    draw(reading.nodes.lesions, uid, voxel, 1)
    assert reading.collect_voxel_edits()
    assert in_scene(reading)[voxel]
    draw(reading.nodes.lesions, uid, voxel, 0)
    assert reading.collect_voxel_edits()
    assert not in_scene(reading)[voxel]
    for gate in ((0.0, 1.0), (0.9, 0.1)):
        reading.set_gate(*gate)
        assert not in_scene(reading)[voxel]


def test_painting_takes_back_what_was_erased(reading):
    voxel, uid = (3, 9, 8), reading.lesions[0].uid
    draw(reading.nodes.lesions, uid, voxel, 0)
    reading.collect_voxel_edits()
    draw(reading.nodes.lesions, uid, voxel, 1)
    reading.collect_voxel_edits()
    reading.set_gate(0.0, 1.0)
    assert in_scene(reading)[voxel]


def test_of_two_strokes_the_later_counts():
    first = Paint(np.array([1, 2, 3]), np.array([10, 11]))
    second = Paint(np.array([11, 4]), np.array([2, 12]))
    both = second.over(first)
    assert both.added.tolist() == [1, 3, 4, 11]
    assert both.erased.tolist() == [2, 10, 12]
    assert not Paint()
    assert Paint(np.array([1]))
    assert Paint(erased=np.array([1]))


def test_a_stroke_is_what_is_there_now_and_was_not_before():
    before, after = np.array([[[0, 1, 2, 0]]]), np.array([[[0, 0, 5, 1]]])
    strokes = paint_between(before, after)
    assert (strokes.added.tolist(), strokes.erased.tolist()) == ([3], [1])


def test_painted_specks_are_kept_found_ones_below_the_smallest_volume_are_not(reading):
    voxel = reading.maps.grid.voxel_ml
    second = 2 * 4 * 5
    for minimum, found in ((second * voxel, 2), ((second + 1) * voxel, 1)):
        assert (
            review(
                reading.maps, image_of(reading.inputs.adc), Setting(0.35, 0.0, minimum), reading.anatomy
            ).labels.max()
            == found
        )
    paint = Paint(np.ravel_multi_index(([0], [1], [1]), reading.maps.grid.shape))
    with_speck = review(reading.maps, image_of(reading.inputs.adc), Setting(0.35, 0.0, 1.0, paint), reading.anatomy)
    assert [found.lesion.slices for found in with_speck.lesions] == [(0, 0)]
    assert not without_small(apply_gate(reading.maps, 0.35, 0.0).mask, reading.maps, 1.0).any()


def test_hiding_the_ai_hides_lesions_edits_and_rejected_ones_alike(reading):
    show_edits(reading.nodes, True)
    layers = [node.GetDisplayNode() for node in (reading.nodes.lesions, reading.nodes.review)]
    assert [bool(layer.GetVisibility()) for layer in layers] == [True, True]
    show_ai(reading.nodes, False)
    assert [bool(layer.GetVisibility()) for layer in layers] == [False, False]
    reading.preview(0.5, 0.9)  # the slider shows nothing either
    assert [bool(layer.GetVisibility()) for layer in layers] == [False, False]
    show_ai(reading.nodes, True)
    assert [bool(layer.GetVisibility()) for layer in layers] == [True, True]
    assert all(layers[1].GetSegmentVisibility(name) for name in (ADDED_ID, REMOVED_ID))


def test_each_switch_shows_its_own_layer_only(reading):
    lesions, review_layer = reading.nodes.lesions.GetDisplayNode(), reading.nodes.review.GetDisplayNode()
    assert (lesions.GetVisibility2DFill(), review_layer.GetVisibility3D()) == (False, False)
    assert (lesions.GetOpacity2DFill(), lesions.GetSliceIntersectionThickness()) == (0.5, 2)
    set_outline(reading.nodes, False)
    assert lesions.GetVisibility2DFill()
    assert review_layer.GetSegmentVisibility2DFill(MASK_ID)
    set_outline(reading.nodes, True)
    assert not lesions.GetVisibility2DFill()
    assert not review_layer.GetSegmentVisibility2DFill(MASK_ID)
    for shown in (True, False):
        show_edits(reading.nodes, shown)
        assert [review_layer.GetSegmentVisibility(name) for name in (ADDED_ID, REMOVED_ID)] == [shown, shown]
        assert not review_layer.GetSegmentVisibility(MASK_ID)
    show_live(reading.nodes, True)
    assert (lesions.GetVisibility2D(), review_layer.GetSegmentVisibility(MASK_ID)) == (False, True)


def test_a_rejected_lesion_is_kept_unseen_and_can_be_taken_back(reading):
    reading.decide(2, Decision.REJECTED)
    uid = reading.lesions[1].uid
    segmentation = reading.nodes.review.GetSegmentation()
    assert segmentation.GetSegment(uid) is not None
    assert not reading.nodes.review.GetDisplayNode().GetSegmentVisibility(uid)
    reading.decide(2, Decision.UNDECIDED)
    assert reading.undoable == Action(ActionKind.REOPEN, 2)
    assert segmentation.GetSegment(uid) is None
    assert names(reading.nodes.lesions) == ["Lesion 1", "Lesion 2"]
    assert reading.algorithm_type == "AUTOMATIC"


def test_a_hundred_steps_can_be_undone_in_order_and_a_new_one_ends_what_was_undone():
    history: History[int] = History()
    for number in range(103):
        history.push(Step(Action(ActionKind.ACCEPT, number), number, number + 1))
    undone = [history.undo() for _ in range(101)]
    assert undone == [*range(102, 2, -1), None]
    assert (history.redo(), history.redo()) == (4, 5)
    assert history.undoable.action.lesion == 4
    assert history.redoable.action.lesion == 5
    history.push(Step(Action(ActionKind.MOVE_GATE), 5, 77))
    assert history.redo() is None
    assert history.undo() == 5


def test_a_box_is_where_the_voxels_are():
    mask = np.zeros((6, 7, 8), bool)
    mask[1:3, 2:6, 3:8] = True
    box = box_of(mask)
    assert box == Box((1, 2, 3), (3, 6, 8))
    assert (box.shape, box.extent) == ((2, 4, 5), (3, 7, 2, 5, 1, 2))
    assert Box.of_extent(box.extent) == box
    assert box_of(mask & False) == Box((0, 0, 0), (1, 1, 1))
    other = Box((2, 0, 5), (9, 3, 6))
    assert box.meet(other) == Box((2, 2, 5), (3, 3, 6))
    assert box.meet(other).within(box) == (slice(1, 2), slice(0, 1), slice(2, 3))
    assert box.meet(Box((3, 0, 0), (4, 7, 8))).empty
    assert not box.empty


def test_a_cropped_volume_stays_in_its_place(grid: Grid):
    part = crop_grid(grid, Box((1, 2, 3), (3, 6, 8)))
    assert part.size == (5, 4, 2)
    np.testing.assert_allclose(part.to_lps((0, 0, 0)), grid.to_lps((3, 2, 1)))
    np.testing.assert_allclose(part.to_lps((4, 3, 1)), grid.to_lps((7, 5, 2)))


def test_a_volume_in_the_scene_lies_where_its_grid_says(inputs, grid):
    """The scene counts right and front where the patient's axes count left and back."""
    assert grid_of(inputs.t2w).matches(grid, 1e-6)
    matrix = matrix_array(ijk_to_ras(grid))
    np.testing.assert_allclose((matrix @ (1, 2, 3, 1))[:3], np.multiply(grid.to_lps((1, 2, 3)), (-1, -1, 1)))
    assert ras_of((1.0, 2.0, 3.0)) == (-1.0, -2.0, 3.0)


def test_the_heat_runs_over_the_similarities_where_the_network_looked(maps):
    """Elsewhere the map holds zeros, which would take half of the colours."""
    similarity = np.zeros(maps.grid.shape, np.float32)
    confidence = np.zeros(maps.grid.shape, np.float32)
    similarity[:, :14], confidence[:, :14] = np.linspace(0.4, 0.8, 8 * 14 * 32).reshape(8, 14, 32), 0.2
    low, high = heat_range(replace(maps, similarity=similarity, confidence=confidence))
    assert (low, high) == pytest.approx((0.408, 0.8), abs=1e-3)
    assert heat_range(replace(maps, similarity=similarity * 0, confidence=confidence)) == pytest.approx((0.0, 1e-3))
    assert heat_range(replace(maps, confidence=confidence * 0)) == (0.0, 1.0)
