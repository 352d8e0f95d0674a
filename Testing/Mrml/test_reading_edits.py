"""What a user decides and changes in a result stays, can be undone and is said."""

# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from Mrml.contents import draw, in_scene, names, segments
from ProstateAlignRefineLib.core.boxes import Box
from ProstateAlignRefineLib.results.review import Decision
from ProstateAlignRefineLib.scene.display import set_outline, show_edits, show_surface
from ProstateAlignRefineLib.scene.history import Action, ActionKind
from ProstateAlignRefineLib.scene.oriented import empty_image, voxels
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.segmentation import LABELMAP, add_segmentation
from ProstateAlignRefineLib.scene.terminology import new_segment, tag_of


def test_a_name_or_colour_of_the_users_stays(reading):
    segment = segments(reading.nodes.lesions)[0]
    segment.SetName("left apex")
    segment.SetColor(0.1, 0.2, 0.3)
    reading.set_gate(0.35, 1.0)
    assert names(reading.nodes.lesions) == ["left apex", "Lesion 2"]
    assert segments(reading.nodes.lesions)[0].GetColor() == (0.1, 0.2, 0.3)


def test_a_rejected_lesion_leaves_the_segmentation_and_comes_back(reading):
    before = in_scene(reading)
    reading.decide(2, Decision.REJECTED)
    assert names(reading.nodes.lesions) == ["Lesion 1"]
    assert set(np.unique(reading.labels())) == {0, 1}
    assert reading.algorithm_type == "SEMIAUTOMATIC"
    assert [found.decision for found in reading.lesions] == [Decision.UNDECIDED, Decision.REJECTED]
    reading.undo()
    assert np.array_equal(in_scene(reading), before)


def test_a_rejected_lesion_stays_rejected_while_the_gate_moves(reading):
    reading.decide(2, Decision.REJECTED)
    reading.set_gate(0.35, 1.0)
    assert reading.lesions[1].decision is Decision.REJECTED
    assert reading.counts.mask == (reading.labels() > 0).sum()


def test_an_accepted_lesion_is_still_automatic(reading):
    reading.decide(1, Decision.ACCEPTED)
    assert reading.algorithm_type == "AUTOMATIC"
    assert reading.undoable == Action(ActionKind.ACCEPT, 1)


def test_voxels_the_user_erased_and_painted_survive_the_gate(reading):
    uid = reading.lesions[0].uid
    draw(reading.nodes.lesions, uid, (3, 9, 8), 0)
    draw(reading.nodes.lesions, uid, (3, 14, 8), 1)
    assert reading.collect_voxel_edits()
    reading.set_gate(0.0, 1.0)
    labels = in_scene(reading)
    assert labels[3, 9, 8] == 0
    assert labels[3, 14, 8] == 1
    assert reading.algorithm_type == "SEMIAUTOMATIC"


def test_edited_segments_are_marked_before_anyone_asks(reading):
    def types():
        return {tag_of(s, "DICOM.SegmentAlgorithmType") for s in segments(reading.nodes.lesions)}

    show_surface(reading.nodes, True)
    reading.preview(0.5, 0.9)
    assert types() == {"AUTOMATIC"}
    reading.undo()
    assert types() == {"AUTOMATIC"}
    draw(reading.nodes.lesions, reading.lesions[0].uid, (3, 9, 8), 0)
    assert types() == {"SEMIAUTOMATIC"}
    reading.undo()
    assert types() == {"AUTOMATIC"}


def test_voxel_edits_are_undone_like_any_step(reading):
    before = in_scene(reading)
    draw(reading.nodes.lesions, reading.lesions[0].uid, (3, 9, 8), 0)
    edited = in_scene(reading)
    reading.undo()
    assert np.array_equal(in_scene(reading), before)
    reading.redo()
    assert np.array_equal(in_scene(reading), edited)


def test_an_export_holds_edits_that_nobody_told_us_of(reading):
    draw(reading.nodes.lesions, reading.lesions[0].uid, (3, 9, 8), 0)
    assert reading.labels()[3, 9, 8] == 0


def test_a_lesion_segment_that_the_user_deletes_is_gone_and_can_be_undone(reading):
    reading.nodes.lesions.GetSegmentation().RemoveSegment(reading.lesions[1].uid)
    assert reading.collect_voxel_edits()
    reading.set_gate(0.35, 1.0)
    assert len(reading.lesions) == 1
    reading.undo()
    reading.undo()
    assert len(reading.lesions) == 2


def test_looking_without_touching_is_no_edit(reading):
    show_surface(reading.nodes, True)
    set_outline(reading.nodes, False)
    show_edits(reading.nodes, True)
    assert not reading.collect_voxel_edits()


def test_a_segment_that_the_user_added_is_left_alone(reading):
    segmentation = reading.nodes.lesions.GetSegmentation()
    shared = segments(reading.nodes.lesions)[0].GetRepresentation(LABELMAP)
    own = new_segment("my contour")
    own.SetLabelValue(9)
    own.AddRepresentation(LABELMAP, shared)
    segmentation.AddSegment(own, "mine")
    draw(reading.nodes.lesions, "mine", (4, 12, 20), 9)
    reading.set_gate(0.7, 1.0)
    reading.decide(1, Decision.REJECTED)
    image = segmentation.GetSegment("mine").GetRepresentation(LABELMAP)
    assert segmentation.GetSegment("mine").GetName() == "my contour"
    assert (voxels(image) == segmentation.GetSegment("mine").GetLabelValue()).sum() == 1


def test_a_segmentation_of_the_users_is_never_written_to(scene, inputs, maps, run):
    theirs = add_segmentation(scene, inputs.t2w, f"{inputs.t2w.GetName()} lesions")
    theirs.GetSegmentation().AddEmptySegment("prostate", "Prostate")
    changed = theirs.GetSegmentation().GetMTime()
    reading = Reading.start(scene, inputs, maps, run)
    reading.set_gate(0.5, 1.0)
    assert reading.nodes.lesions is not theirs
    assert reading.nodes.lesions.GetName() != theirs.GetName()
    assert names(theirs) == ["Prostate"]
    assert theirs.GetSegmentation().GetMTime() == changed


def whole_mask(grid, spacing_factor=1):
    """A segment editor's labelmap over the whole volume, or in a finer geometry: one block in a corner."""
    finer = grid.with_spacing(tuple(step / spacing_factor for step in grid.spacing))
    image = empty_image(finer, Box((0, 0, 0), finer.shape))
    k, j, i = (size * spacing_factor for size in (1, 3, 3))
    voxels(image)[:k, :j, :i] = 1
    return image


@pytest.mark.parametrize("factor", [1, 2])
def test_edits_beyond_the_lesions_and_in_another_geometry_are_taken_over(reading, grid, factor):
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    image, uid = whole_mask(grid, factor), reading.lesions[0].uid
    assert logic.SetBinaryLabelmapToSegment(image, reading.nodes.lesions, uid, logic.MODE_REPLACE, image.GetExtent())
    assert reading.collect_voxel_edits()
    labels = in_scene(reading) > 0
    assert labels[:1, :3, :3].all()
    assert labels.sum() == 9 + 2 * 4 * 4
