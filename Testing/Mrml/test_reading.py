"""A result in the scene: what it shows, what follows the gate, undo, what is refused."""

# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
from dataclasses import asdict, replace

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.results.lesions_at import lesions_at
from ProstateAlignRefineLib.results.setting import Setting

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from Mrml.contents import in_scene, names, segments
from ProstateAlignRefineLib.scene.display import show_edits, show_surface
from ProstateAlignRefineLib.scene.history import Action, ActionKind
from ProstateAlignRefineLib.scene.live import ADDED_ID, MASK_ID
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.segmentation import SURFACE
from ProstateAlignRefineLib.scene.terminology import tag_of
from ProstateAlignRefineLib.scene.volumes import add_volume, image_of, voxels_of


def test_a_result_shows_the_gated_lesions(reading, maps, run):
    mask = apply_gate(maps, run.model.tau, run.model.alpha).mask
    assert np.array_equal(in_scene(reading) > 0, mask)
    assert names(reading.nodes.lesions) == ["Lesion 1", "Lesion 2"]
    assert reading.counts.mask == mask.sum()


def test_lesions_are_those_that_the_command_line_finds(reading, maps, inputs):
    reading.set_gate(0.5, 0.8)
    told = lesions_at(maps, image_of(inputs.adc), Setting(0.5, 0.8, reading.run.model.minimum_lesion_ml))
    assert np.array_equal(reading.labels(), told.whole)
    for found, expected in zip(reading.lesions, told.lesions, strict=True):
        ours, theirs = asdict(found.lesion), asdict(expected)
        assert ours.pop("diameters")["longest"]["end"] == pytest.approx(theirs.pop("diameters")["longest"]["end"])
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
        assert tag_of(segment, "DICOM.SegmentAlgorithmName") == "ProstateAlignRefine"
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
    assert reading.setting.gate == (0.7, 1.0)


def test_the_gate_away_from_the_bundles_own_makes_it_semiautomatic(reading, run):
    reading.set_gate(run.model.tau, 0.9)
    assert {tag_of(s, "DICOM.SegmentAlgorithmType") for s in segments(reading.nodes.lesions)} == {"SEMIAUTOMATIC"}
    reading.set_gate(run.model.tau, run.model.alpha)
    assert reading.algorithm_type == "AUTOMATIC"


def test_another_prompt_makes_it_semiautomatic(scene, inputs, maps, run):
    reading = Reading.start(scene, inputs, maps, replace(run, prompt="left apex"))
    assert reading.algorithm_type == "SEMIAUTOMATIC"


def test_a_lesion_keeps_its_uid_and_segment_while_the_gate_moves(reading):
    uids = [found.uid for found in reading.lesions]
    reading.set_gate(0.35, 1.0)
    assert [found.uid for found in reading.lesions] == uids
    assert list(reading.nodes.lesions.GetSegmentation().GetSegmentIDs()) == uids


def test_undo_and_redo_of_a_gate_change(reading, run):
    before = in_scene(reading)
    reading.set_gate(0.7, 1.0)
    after = in_scene(reading)
    assert reading.undoable == Action(ActionKind.MOVE_GATE)
    reading.undo()
    assert np.array_equal(in_scene(reading), before)
    assert reading.setting.gate == (run.model.tau, run.model.alpha)
    reading.redo()
    assert np.array_equal(in_scene(reading), after)


def test_a_slider_let_go_where_it_was_is_no_step(reading, run):
    reading.preview(0.9, 0.9)
    reading.set_gate(run.model.tau, run.model.alpha)
    assert reading.undoable is None


def test_a_second_result_leaves_the_first_in_place(scene, inputs, maps, run, reading):
    before = in_scene(reading)
    Reading.start(scene, inputs, maps, run).set_gate(0.7, 1.0)
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


def test_maps_of_another_volume_are_refused(scene, inputs, maps, run, grid):
    other = replace(grid, origin=(0.0, 0.0, 0.0))
    moved = replace(inputs, t2w=add_volume(scene, np.zeros(grid.shape, np.float32), other, "t2w"))
    with pytest.raises(InputError, match="segment again"):
        Reading.start(scene, moved, maps, run)


def test_a_result_without_lesions_is_a_result(scene, inputs, maps, run, grid):
    nothing = replace(maps, base_margin=maps.base_margin * 0 - 5, refined_margin=maps.base_margin * 0 - 5)
    reading = Reading.start(scene, inputs, nothing, run)
    assert reading.lesions == ()
    assert reading.set_gate(0.2, 1.0) == ()
    assert not reading.labels().any()


def test_lesions_below_the_smallest_volume_are_left_out(scene, inputs, maps, run):
    reading = Reading.start(scene, inputs, maps, replace(run, model=replace(run.model, minimum_lesion_ml=0.05)))
    assert len(reading.lesions) == 1


def test_undo_in_the_middle_of_a_slider_move_goes_back_to_before_it(reading, run):
    before = in_scene(reading)
    reading.preview(0.7, 1.0)
    reading.undo()
    assert np.array_equal(in_scene(reading), before)
    assert reading.setting.gate == (run.model.tau, run.model.alpha)
    assert reading.redoable == Action(ActionKind.MOVE_GATE)


def test_the_segmentations_join_the_study_of_the_t2w_volume(scene, inputs, maps, run):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
    hierarchy.CreateItem(study, inputs.t2w)
    nodes = Reading.start(scene, inputs, maps, run).nodes
    for node in (nodes.lesions, nodes.review):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study
