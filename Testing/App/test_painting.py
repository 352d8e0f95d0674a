# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""Painting in the reading layout: there, at the lesion, and back."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from vtk.util.numpy_support import vtk_to_numpy

from ProstateAlignRefineLib.scene.layout import LABELS, OWN_LAYOUTS, TAGS
from ProstateAlignRefineLib.scene.segmentation import read_labels
from ProstateAlignRefineLib.scene.views import composite_node, slice_node


@pytest.fixture
def painting(segmented):
    segmented.application.left, segmented.application.entered = segmented.exit, segmented.enter
    segmented.ui.lesionTable.selectRow(1)
    segmented.session.jump(1)
    segmented.ui.paintButton.click()
    return segmented


def shown(panel):
    composites = {tag: composite_node(panel.application.scene, tag) for tag in LABELS}
    return {tag: composite.GetBackgroundVolumeID() for tag, composite in composites.items()}


def test_the_editor_opens_on_the_lesion_over_the_t2w(painting):
    node, segment, source = painting.application.edited
    reading = painting.session.reading
    assert node is reading.nodes.lesions
    assert node.GetSegmentation().GetSegment(segment).GetName() == "Lesion 2"
    assert source is reading.inputs.t2w


def test_the_reading_views_stay_at_the_lesion_and_keep_their_volumes(painting):
    assert painting.session.layout.is_on
    inputs = painting.session.reading.inputs
    wanted = {tag: getattr(inputs, modality.value).GetID() for modality, tag in TAGS.items()}
    assert {tag: volume for tag, volume in shown(painting).items() if tag in wanted} == wanted
    x, y, z = painting.session.reading.lesions[1].lesion.centre_lps
    for tag in LABELS:
        matrix = slice_node(painting.application.scene, tag).GetSliceToRAS()
        centre = np.array([matrix.GetElement(row, 3) for row in range(3)])
        assert np.linalg.norm(centre - (-x, -y, z)) < 3.0, tag


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


@pytest.mark.parametrize("way", [["Data"], ["SegmentEditor", "Data"], ["Data", "SegmentEditor"], ["Data", "Models"]])
def test_beyond_the_segment_editor_the_users_own_layout_comes_back(painting, way):
    layout = painting.application.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    for module in way:
        painting.application.select_module(module)
    assert layout.GetViewArrangement() not in OWN_LAYOUTS
    assert not painting.ui.layoutButton.checked
    painting.application.select_module("ProstateAlignRefine")
    assert layout.GetViewArrangement() not in OWN_LAYOUTS


def test_back_and_forth_between_editor_and_panel_the_views_stay(painting):
    for module in ("SegmentEditor", "ProstateAlignRefine"):
        painting.application.select_module(module)
        assert painting.session.layout.is_on
    painting.ui.paintButton.click()
    assert painting.session.layout.is_on


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
