# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
from dataclasses import asdict, replace

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.lesions import find_lesions

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.scene.boxes import Box
from ProstateAlignRefineLib.scene.display import set_outline, show_edits, show_surface
from ProstateAlignRefineLib.scene.live import ADDED_ID, MASK_ID
from ProstateAlignRefineLib.scene.oriented import announce, empty_image, voxels
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.reviewed import Decision
from ProstateAlignRefineLib.scene.segmentation import LABELMAP, SURFACE, add_segmentation, read_labels
from ProstateAlignRefineLib.scene.terminology import new_segment, tag_of
from ProstateAlignRefineLib.scene.volumes import add_volume, voxels_of


def segments(node):
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(segment_id) for segment_id in segmentation.GetSegmentIDs()]


def names(node):
    return [segment.GetName() for segment in segments(node)]


def in_scene(reading):
    return read_labels([reading.nodes.lesions], reading.maps.grid)


def draw(node, segment_id, lps_index, value):
    """What a brush does: change voxels of a segment's labelmap in place."""
    image = node.GetSegmentation().GetSegment(segment_id).GetRepresentation(LABELMAP)
    x, _, y, _, z, _ = image.GetExtent()
    k, j, i = lps_index
    voxels(image)[k - z, j - y, i - x] = value
    announce(image)


def test_a_result_shows_the_gated_lesions(reading, maps, origin):
    mask = apply_gate(maps, origin.tau, origin.alpha).mask
    assert np.array_equal(in_scene(reading) > 0, mask)
    assert names(reading.nodes.lesions) == ["Lesion 1", "Lesion 2"]
    assert reading.counts.mask == mask.sum()


def test_lesions_are_those_that_the_command_line_finds(reading, maps, inputs):
    reading.set_gate(0.5, 0.8)
    mask = apply_gate(maps, 0.5, 0.8).mask
    labels, lesions = find_lesions(mask, maps, voxels_of(inputs.adc), reading.origin.minimum_ml)
    assert np.array_equal(reading.labels(), labels)
    for found, expected in zip(reading.lesions, lesions, strict=True):
        ours, theirs = asdict(found.lesion), asdict(expected)
        assert ours.pop("centre_lps") == pytest.approx(theirs.pop("centre_lps"))
        assert [ours.pop(name) for name in ("slices", "place")] == [theirs.pop(name) for name in ("slices", "place")]
        assert ours == pytest.approx(theirs)


def test_an_export_is_refused_once_the_t2w_volume_has_moved(reading, inputs):
    inputs.t2w.SetOrigin(1.0, 2.0, 3.0)
    with pytest.raises(InputError, match="moved or replaced"):
        reading.labels()


def test_lesions_are_measured_in_the_whole_volume(reading):
    first = reading.lesions[0].lesion
    assert first.slices == (2, 4)
    index = reading.maps.grid.to_index(first.centre_lps)
    assert index == pytest.approx((8.0, 10.5, 3.0))


def test_segments_say_what_they_are(reading):
    for segment, found in zip(segments(reading.nodes.lesions), reading.lesions, strict=True):
        assert tag_of(segment, "TerminologyEntry") == (
            "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure"
            "~SCT^52988006^Lesion~^^~Anatomic codes - DICOM master list~SCT^41216001^Prostate~^^"
        )
        assert tag_of(segment, "DICOM.SegmentAlgorithmType") == "AUTOMATIC"
        assert tag_of(segment, "DICOM.SegmentAlgorithmName") == "Align then Refine, test bundle"
        assert tag_of(segment, "DICOM.TrackingUID") == found.uid
        assert found.uid.startswith("2.25.")
        assert len(found.uid) <= 64


def test_the_terminology_reads_back_in_slicers_own_logic(reading, logics):
    entry = slicer.vtkSlicerTerminologyEntry()
    tag = tag_of(segments(reading.nodes.lesions)[0], "TerminologyEntry")
    assert slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(tag, entry)
    assert entry.GetTypeObject().GetCodeValue() == "52988006"
    assert entry.GetRegionObject().GetCodeMeaning() == "Prostate"


def test_the_geometry_is_that_of_the_t2w_volume(reading, inputs):
    node = reading.nodes.lesions
    role = node.GetReferenceImageGeometryReferenceRole()
    assert node.GetNodeReference(role) is inputs.t2w


def test_slicers_own_export_gives_the_same_labels_on_the_t2w_grid(scene, reading, inputs):
    label = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportAllSegmentsToLabelmapNode(
        reading.nodes.lesions, label, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    )
    assert np.array_equal(voxels_of(label) > 0, reading.labels() > 0)


def test_a_slider_tick_does_not_touch_the_lesion_segments(reading):
    before = in_scene(reading)
    reading.preview(0.35, 0.0)
    assert np.array_equal(in_scene(reading), before)


def test_the_live_mask_takes_the_place_of_the_lesions_while_the_slider_moves(reading):
    lesions, review = reading.nodes.lesions.GetDisplayNode(), reading.nodes.review.GetDisplayNode()
    reading.preview(0.35, 0.0)
    assert (lesions.GetVisibility2D(), review.GetSegmentVisibility(MASK_ID)) == (False, True)
    reading.commit()
    assert (lesions.GetVisibility2D(), review.GetSegmentVisibility(MASK_ID)) == (True, False)


def test_on_release_the_lesions_follow(reading, maps):
    reading.preview(0.7, 1.0)
    lesions = reading.commit()
    assert np.array_equal(in_scene(reading) > 0, apply_gate(maps, 0.7, 1.0).mask)
    assert lesions is reading.lesions
    assert (reading.tau, reading.alpha) == (0.7, 1.0)


def test_the_gate_away_from_the_bundles_own_makes_it_semiautomatic(reading, origin):
    reading.set_gate(origin.tau, 0.9)
    assert {tag_of(s, "DICOM.SegmentAlgorithmType") for s in segments(reading.nodes.lesions)} == {"SEMIAUTOMATIC"}
    reading.set_gate(origin.tau, origin.alpha)
    assert reading.algorithm_type == "AUTOMATIC"


def test_another_prompt_makes_it_semiautomatic(scene, inputs, maps, origin):
    reading = Reading.start(scene, inputs, maps, replace(origin, prompt_changed=True))
    assert reading.algorithm_type == "SEMIAUTOMATIC"


def test_a_lesion_keeps_its_uid_and_segment_while_the_gate_moves(reading):
    uids = [found.uid for found in reading.lesions]
    reading.set_gate(0.35, 1.0)
    assert [found.uid for found in reading.lesions] == uids
    assert list(reading.nodes.lesions.GetSegmentation().GetSegmentIDs()) == uids


def test_a_name_or_colour_of_the_users_stays(reading):
    segment = segments(reading.nodes.lesions)[0]
    segment.SetName("left apex")
    segment.SetColor(0.1, 0.2, 0.3)
    reading.set_gate(0.35, 1.0)
    assert names(reading.nodes.lesions) == ["left apex", "Lesion 2"]
    assert segments(reading.nodes.lesions)[0].GetColor() == (0.1, 0.2, 0.3)


def test_undo_and_redo_of_a_gate_change(reading, origin):
    before = in_scene(reading)
    reading.set_gate(0.7, 1.0)
    after = in_scene(reading)
    assert reading.undo_text == "Move the gate"
    reading.undo()
    assert np.array_equal(in_scene(reading), before)
    assert (reading.tau, reading.alpha) == (origin.tau, origin.alpha)
    reading.redo()
    assert np.array_equal(in_scene(reading), after)


def test_a_slider_let_go_where_it_was_is_no_step(reading, origin):
    reading.preview(0.9, 0.9)
    reading.set_gate(origin.tau, origin.alpha)
    assert reading.undo_text == ""


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
    assert reading.undo_text == "Accept lesion 1"


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


def test_a_segmentation_of_the_users_is_never_written_to(scene, inputs, maps, origin):
    theirs = add_segmentation(scene, inputs.t2w, f"{inputs.t2w.GetName()} lesions")
    theirs.GetSegmentation().AddEmptySegment("prostate", "Prostate")
    changed = theirs.GetSegmentation().GetMTime()
    reading = Reading.start(scene, inputs, maps, origin)
    reading.set_gate(0.5, 1.0)
    assert reading.nodes.lesions is not theirs
    assert reading.nodes.lesions.GetName() != theirs.GetName()
    assert names(theirs) == ["Prostate"]
    assert theirs.GetSegmentation().GetMTime() == changed


def test_a_second_result_leaves_the_first_in_place(scene, inputs, maps, origin, reading):
    before = in_scene(reading)
    Reading.start(scene, inputs, maps, origin).set_gate(0.7, 1.0)
    assert np.array_equal(in_scene(reading), before)


def test_the_surface_follows_on_release_only(reading):
    show_surface(reading.nodes, True)
    uid = reading.lesions[0].uid

    def points():
        return reading.nodes.lesions.GetSegmentation().GetSegment(uid).GetRepresentation(SURFACE).GetNumberOfPoints()

    before = points()
    reading.preview(0.35, 0.0)
    assert points() == before
    reading.commit()
    assert points() != before


def test_edits_are_shown_only_where_asked_for(reading):
    display = reading.nodes.review.GetDisplayNode()
    assert not display.GetSegmentVisibility(ADDED_ID)
    show_edits(reading.nodes, True)
    reading.set_gate(0.5, 1.0)
    assert display.GetSegmentVisibility(ADDED_ID)


def test_a_result_whose_node_was_deleted_says_so(scene, reading):
    assert reading.alive
    scene.RemoveNode(reading.nodes.lesions)
    assert not reading.alive
    with pytest.raises(InputError, match="removed from the scene"):
        reading.preview(0.5, 0.5)


def test_the_gate_moves_on_without_the_similarity_volume(scene, reading):
    scene.RemoveNode(reading.nodes.maps.similarity)
    assert reading.set_gate(0.5, 1.0)


def test_closing_the_scene_ends_the_result(scene, reading):
    scene.Clear(0)
    assert not reading.alive
    with pytest.raises(InputError, match="segment again"):
        reading.commit()


def test_a_gate_beyond_its_bounds_is_refused(reading):
    with pytest.raises(InputError, match="alpha"):
        reading.preview(0.5, 1.5)


def test_maps_of_another_volume_are_refused(scene, inputs, maps, origin, grid):
    other = replace(grid, origin=(0.0, 0.0, 0.0))
    moved = replace(inputs, t2w=add_volume(scene, np.zeros(grid.shape, np.float32), other, "t2w"))
    with pytest.raises(InputError, match="segment again"):
        Reading.start(scene, moved, maps, origin)


def test_a_result_without_lesions_is_a_result(scene, inputs, maps, origin, grid):
    nothing = replace(maps, base_margin=maps.base_margin * 0 - 5, refined_margin=maps.base_margin * 0 - 5)
    reading = Reading.start(scene, inputs, nothing, origin)
    assert reading.lesions == ()
    assert reading.set_gate(0.2, 1.0) == ()
    assert not reading.labels().any()


def test_lesions_below_the_smallest_volume_are_left_out(scene, inputs, maps, origin):
    reading = Reading.start(scene, inputs, maps, replace(origin, minimum_ml=0.05))
    assert len(reading.lesions) == 1


def test_undo_in_the_middle_of_a_slider_move_goes_back_to_before_it(reading, origin):
    before = in_scene(reading)
    reading.preview(0.7, 1.0)
    reading.undo()
    assert np.array_equal(in_scene(reading), before)
    assert (reading.tau, reading.alpha) == (origin.tau, origin.alpha)
    assert reading.redo_text == "Move the gate"


def test_the_segmentations_join_the_study_of_the_t2w_volume(scene, inputs, maps, origin):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, inputs.t2w)
    nodes = Reading.start(scene, inputs, maps, origin).nodes
    for node in (nodes.lesions, nodes.review):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


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
