# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""Painting in the reading layout: there, at the lesion, and back."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from vtk.util.numpy_support import vtk_to_numpy

from host.application import edit_in_editor
from ProstateAlignRefineLib.scene.layout import LABELS, OWN_LAYOUTS, TAGS
from ProstateAlignRefineLib.scene.segmentation import read_labels
from ProstateAlignRefineLib.scene.views import composite_node, slice_node
from ProstateAlignRefineLib.scene.windows import set_window, window_of


@pytest.fixture
def reading(segmented):
    """A panel whose module is told when it is left and entered; the reader looks at the second lesion."""
    segmented.application.left, segmented.application.entered = segmented.exit, segmented.enter
    segmented.ui.lesionTable.selectRow(1)
    segmented.session.jump(2)
    return segmented


@pytest.fixture
def painting(reading):
    reading.ui.paintButton.click()
    return reading


def shown(panel):
    composites = {tag: composite_node(panel.application.scene, tag) for tag in LABELS}
    return {tag: composite.GetBackgroundVolumeID() for tag, composite in composites.items()}


def test_the_editor_opens_on_the_lesion_over_the_t2w(painting):
    node, segment, source = painting.application.edited
    reading = painting.session.reading
    assert node is reading.nodes.lesions
    assert node.GetSegmentation().GetSegment(segment).GetName() == "Lesion 2"
    assert source is reading.inputs.t2w


def assert_the_study_is_read_at_the_lesion(panel):
    assert panel.session.layout.is_on
    inputs = panel.session.reading.inputs
    wanted = {tag: getattr(inputs, modality.value).GetID() for modality, tag in TAGS.items()}
    assert {tag: volume for tag, volume in shown(panel).items() if tag in wanted} == wanted
    x, y, z = panel.session.reading.lesions[1].lesion.centre_lps
    for tag in LABELS:
        matrix = slice_node(panel.application.scene, tag).GetSliceToRAS()
        centre = np.array([matrix.GetElement(row, 3) for row in range(3)])
        assert np.linalg.norm(centre - (-x, -y, z)) < 3.0, tag


def users_own(panel):
    layout = panel.application.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    return layout.GetViewArrangement() not in OWN_LAYOUTS and not panel.ui.layoutButton.checked


def test_the_reading_views_stay_at_the_lesion_and_keep_their_volumes(painting):
    assert_the_study_is_read_at_the_lesion(painting)
    painting.application.select_module("ProstateAlignRefine")
    assert_the_study_is_read_at_the_lesion(painting)


def test_so_they_do_where_the_editor_is_chosen_in_slicers_own_list(reading):
    reading.application.select_module("SegmentEditor")
    assert_the_study_is_read_at_the_lesion(reading)
    reading.application.show_volume(reading.session.reading.inputs.adc)
    reading.application.select_module("ProstateAlignRefine")
    assert_the_study_is_read_at_the_lesion(reading)


def test_so_they_do_where_the_editor_is_entered_from_elsewhere(reading):
    reading.application.select_module("Data")
    assert users_own(reading)
    reading.application.select_module("SegmentEditor")
    assert_the_study_is_read_at_the_lesion(reading)
    reading.application.select_module("Models")
    assert users_own(reading)


def test_told_of_the_editor_before_the_module_is_left_the_views_stay(reading):
    reading.session.where.notice_module("SegmentEditor")
    reading.exit()
    assert_the_study_is_read_at_the_lesion(reading)


def test_who_edits_something_else_has_the_own_layout(reading):
    scene = reading.application.scene
    edit_in_editor(scene, scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "liver"))
    reading.application.select_module("Data")
    reading.application.select_module("SegmentEditor")
    assert users_own(reading)
    reading.application.select_module("ProstateAlignRefine")
    assert_the_study_is_read_at_the_lesion(reading)


def test_who_reads_in_the_own_layout_keeps_it(reading):
    reading.ui.layoutButton.click()
    for module in ("SegmentEditor", "Data", "SegmentEditor", "ProstateAlignRefine"):
        reading.application.select_module(module)
        assert users_own(reading), module


def test_a_grey_range_set_by_the_reader_is_there_again_after_another_module(reading):
    adc = reading.session.reading.inputs.adc
    before = window_of(adc)
    set_window(adc, (333.0, 999.0))
    reading.application.select_module("Data")
    assert window_of(adc) != pytest.approx((333.0, 999.0))
    reading.application.select_module("ProstateAlignRefine")
    assert window_of(adc) == pytest.approx((333.0, 999.0)) != before


def test_what_was_painted_counts_on_the_way_back(painting):
    reading = painting.session.reading
    before = reading.lesions[1].lesion.volume_ml
    segmentation, segment, _ = painting.application.edited
    labels = read_labels((segmentation,), reading.maps.grid)
    part = segmentation.GetSegmentation().GetSegment(segment)
    oriented = part.GetRepresentation(slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())
    voxels = vtk_to_numpy(oriented.GetPointData().GetScalars())
    voxels[voxels == part.GetLabelValue()] = 0
    oriented.GetPointData().GetScalars().Modified()
    oriented.Modified()
    assert (labels == 2).any()
    painting.application.select_module("ProstateAlignRefine")
    assert not painting.session.where.painting
    assert painting.session.layout.is_on
    numbers = [found.lesion.volume_ml for found in reading.lesions]
    assert before not in numbers
    assert painting.ui.undoButton.enabled


def test_any_other_module_brings_the_users_own_layout_back(segmented):
    segmented.session.read()
    segmented.exit()
    assert not segmented.session.layout.is_on


@pytest.mark.parametrize("way", [["Data"], ["SegmentEditor", "Data"], ["Data", "Models"]])
def test_beyond_the_segment_editor_the_users_own_layout_comes_back(painting, way):
    for module in way:
        painting.application.select_module(module)
    assert users_own(painting)
    painting.application.select_module("ProstateAlignRefine")
    assert_the_study_is_read_at_the_lesion(painting)


def test_back_and_forth_between_editor_and_panel_the_views_stay(painting):
    for module in ("SegmentEditor", "ProstateAlignRefine"):
        painting.application.select_module(module)
        assert painting.session.layout.is_on
    painting.ui.paintButton.click()
    assert painting.session.layout.is_on


def test_a_result_that_comes_while_another_module_is_shown_waits_for_the_reader(open_panel, with_study, events):
    panel = with_study(open_panel("pausing"))
    panel.application.left, panel.application.entered = panel.exit, panel.enter
    panel.ui.segmentButton.click()
    panel.session.state.show_ai = False
    panel.application.select_module("Data")
    events.until(lambda: not panel.session.run.running)
    assert users_own(panel)
    reading = panel.session.reading
    assert not reading.nodes.lesions.GetDisplayNode().GetVisibility()
    panel.application.select_module("ProstateAlignRefine")
    assert panel.session.layout.is_on
    assert not reading.nodes.lesions.GetDisplayNode().GetVisibility()
    assert panel.ui.lesionTable.rowCount == len(reading.lesions)


def test_a_closed_panel_hears_of_no_module(painting):
    painting.cleanup()
    assert painting.application.watching == []


def test_a_rejected_lesion_cannot_be_painted(segmented):
    segmented.ui.lesionTable.selectRow(0)
    assert segmented.ui.paintButton.enabled
    assert "Segment Editor" in segmented.ui.paintButton.toolTip
    segmented.ui.rejectButton.click()
    assert not segmented.ui.paintButton.enabled
    assert segmented.ui.paintButton.toolTip.startswith("Only lesions that are kept")
