# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""One patient after the other in one scene: nothing of the first is drawn over, or told beside, the second."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from App.conftest import STUDY_SIZE, write_study
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.scene.layout import HEATMAP_TAG, LABELS
from ProstateAlignRefineLib.scene.maps import MAP_ATTRIBUTE
from ProstateAlignRefineLib.scene.views import composite_node, slice_node


@pytest.fixture
def second_folder(tmp_path):
    folder = tmp_path / "zweite Börse"
    folder.mkdir()
    z, y, x = np.indices(STUDY_SIZE[::-1])
    write_study(folder, "other", {"t2w": 200 + x + 2 * y, "adc": 1000 + 4 * y, "hbv": 70 + x + z})
    return folder


@pytest.fixture
def second_opened(segmented, second_folder):
    """The first study was segmented and a lesion accepted; then the second was opened."""
    segmented.ui.lesionTable.selectRow(0)
    segmented.ui.acceptButton.click()
    segmented.first = segmented.session.reading
    segmented.application.answers["folder"] = second_folder
    segmented.ui.openButton.click()
    return segmented


def drawn(scene):
    kind = "vtkMRMLSegmentationNode"
    nodes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return [node.GetName() for node in nodes if node.GetDisplayNode().GetVisibility()]


def test_the_second_study_is_shown_bare(second_opened):
    ui, scene = second_opened.ui, second_opened.application.scene
    assert composite_node(scene, "ReadingT2W").GetBackgroundVolumeID() == second_opened.session.state.t2w.GetID()
    assert [slice_node(scene, tag).GetLayoutLabel() for tag in LABELS] == ["T2W", "ADC", "HBV", "T2W"]
    assert composite_node(scene, HEATMAP_TAG).GetForegroundVolumeID() is None
    assert drawn(scene) == []
    assert ui.lesionTable.rowCount == 0
    assert ui.lesionSummary.text == "No result yet."
    assert ui.glandLabel.text == ui.cautionLabel.text == ""
    assert not ui.segButton.enabled
    assert not ui.copyButton.enabled
    assert not ui.psaEdit.enabled


def test_the_first_result_waits_with_its_decisions_and_brings_its_study_back(second_opened):
    ui, first = second_opened.ui, second_opened.first
    assert ui.resultList.count == 1
    assert not ui.resultsSection.isHidden()
    ui.resultList.currentRow = 0
    assert second_opened.session.reading.nodes.lesions is first.nodes.lesions
    assert second_opened.session.state.t2w is first.inputs.t2w
    assert composite_node(second_opened.application.scene, "ReadingT2W").GetBackgroundVolumeID() == (
        first.inputs.t2w.GetID()
    )
    assert ui.lesionTable.item(0, 7).text() == "✓"


def test_back_and_forth_and_a_result_of_each(second_opened, events):
    ui, scene = second_opened.ui, second_opened.application.scene
    events.until(lambda: ui.segmentButton.enabled)
    ui.segmentButton.click()
    events.until(lambda: not second_opened.session.run.running)
    second = second_opened.session.reading
    assert ui.resultList.count == 2
    for row, reading in ((1, second_opened.first), (0, second)):
        ui.resultList.currentRow = row
        assert second_opened.session.reading.nodes.lesions is reading.nodes.lesions
        assert set(drawn(scene)) == {reading.nodes.lesions.GetName(), reading.nodes.review.GetName()}


def test_the_psa_of_a_patient_whose_images_were_deleted_is_not_the_next_ones(segmented, second_folder, events):
    ui = segmented.ui
    ui.psaEdit.text = "6.2"
    ui.psaEdit.editingFinished()
    segmented.application.scene.RemoveNode(segmented.session.inputs.t2w)
    segmented.application.answers["folder"] = second_folder
    ui.openButton.click()
    events.until(lambda: ui.segmentButton.enabled)
    ui.segmentButton.click()
    events.until(lambda: not segmented.session.run.running)
    assert segmented.session.reading.run.psa is None
    assert ui.psaEdit.text == ""


def test_another_t2w_chosen_by_hand_or_matched_takes_the_result_out_of_sight(segmented, second_folder):
    first = segmented.session.inputs
    segmented.application.answers["folder"] = second_folder
    segmented.ui.openButton.click()
    segmented.ui.resultList.currentRow = 0
    segmented.ui.adcSelector.choose(None)
    assert segmented.session.reading is not None
    others = [node for node in volumes(segmented.application.scene, "T2W") if node is not first.t2w]
    segmented.ui.t2wSelector.choose(others[0])
    assert segmented.session.reading is None
    assert drawn(segmented.application.scene) == []


def volumes(scene, start):
    kind = "vtkMRMLScalarVolumeNode"
    nodes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return [node for node in nodes if node.GetName().startswith(start) and not node.GetAttribute(MAP_ATTRIBUTE)]


def test_a_saved_scene_opens_without_a_result_where_none_was_in_use(second_opened, tmp_path):
    scene = second_opened.application.scene
    (tmp_path / "scene").mkdir()
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(tmp_path / "scene"), None)
    scene.Clear(0)
    (file,) = (tmp_path / "scene").glob("*.mrml")
    scene.SetURL(str(file))
    assert scene.Import()
    assert second_opened.session.reading is None
    assert second_opened.session.message == ""
    assert second_opened.ui.resultList.count == 1
    assert drawn(scene) == []


@pytest.mark.parametrize("modality", Modality)
def test_while_a_run_is_on_no_other_study_can_be_chosen(open_panel, with_study, events, modality):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    for button in (panel.ui.openButton, panel.ui.openZipButton, panel.ui.matchButton):
        assert not button.enabled
        assert button.toolTip == "Wait for the run, or cancel it."
    assert not getattr(panel.ui, f"{modality.value}Selector").enabled
    panel.ui.segmentButton.click()
    assert panel.ui.openButton.enabled
    assert panel.ui.openButton.toolTip.startswith("Read a study from a folder")
