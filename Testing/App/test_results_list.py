# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""Several results in one scene: one is shown and acted on, the others wait in the list."""

import gc

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from ProstateAlignRefineLib.scene.edit_mark import EditMark
from ProstateAlignRefineLib.scene.layout import LAYOUT_ID


@pytest.fixture
def twice(segmented, events):
    """A panel with two results of one study; the first was tuned, and a lesion of it rejected."""
    segmented.session.review.commit(0.2, 0.9)
    segmented.ui.lesionTable.selectRow(1)
    segmented.ui.rejectButton.click()
    segmented.session.type_prompt("left apex")
    segmented.first = segmented.session.reading
    events.until(lambda: segmented.ui.segmentButton.enabled)
    segmented.ui.segmentButton.click()
    events.until(lambda: not segmented.session.run.running)
    assert segmented.session.reading is not segmented.first
    return segmented


def drawn(scene):
    """The segmentations that any view draws."""
    nodes = [
        scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode")
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"))
    ]
    return {node.GetID() for node in nodes if node.GetDisplayNode().GetVisibility()}


def own(reading):
    return {node.GetID() for node in (reading.nodes.lesions, reading.nodes.review, reading.nodes.gland) if node}


def shown_legends(scene):
    kind = "vtkMRMLColorLegendDisplayNode"
    legends = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return sum(bool(legend.GetVisibility()) for legend in legends)


def rows(panel):
    return [panel.ui.resultList.item(row).text() for row in range(panel.ui.resultList.count)]


def test_a_single_result_needs_no_list(segmented):
    assert segmented.ui.resultsSection.isHidden()


def test_after_a_second_run_only_the_newest_is_drawn(twice):
    assert drawn(twice.application.scene) == own(twice.session.reading)


def test_the_list_names_time_model_and_prompt_the_newest_first(twice):
    first, second = rows(twice)
    assert first.endswith(" · test model · left apex")
    assert second.endswith(" · test model · prostate lesion")
    assert second[:8].count(":") == 2
    assert twice.ui.resultList.currentRow == 0
    assert not twice.ui.resultsSection.isHidden()


def test_one_click_brings_the_earlier_result_back_as_it_was_left(twice):
    newest = twice.session.reading
    twice.ui.resultList.currentRow = 1
    reading = twice.session.reading
    assert reading.nodes.lesions is twice.first.nodes.lesions
    assert drawn(twice.application.scene) == own(reading) != own(newest)
    assert twice.ui.alphaSlider.value == pytest.approx(0.9)
    assert twice.ui.tauSlider.value == pytest.approx(0.2)
    assert twice.ui.lesionTable.item(1, 7).text() == "✗"
    twice.session.review.commit(0.3, 0.1)
    assert reading.setting.gate == (0.3, 0.1)
    assert newest.setting.gate == newest.run.own_setting.gate
    twice.ui.resultList.currentRow = 0
    assert twice.session.reading.nodes.lesions is newest.nodes.lesions
    assert len(rows(twice)) == 2


def watchers():
    gc.collect()
    return sum(isinstance(thing, EditMark) for thing in gc.get_objects())


def test_however_often_results_change_places_only_the_one_in_use_is_watched(twice):
    before = watchers()
    for row in (1, 0, 1):
        twice.ui.resultList.currentRow = row
    assert watchers() == before


def test_one_legend_stands_in_the_views_however_many_results(twice, events):
    twice.ui.heatmapCheck.checked = True
    events.settle()
    twice.ui.resultList.currentRow = 1
    events.settle()
    assert shown_legends(twice.application.scene) == 1


def test_hiding_the_ai_hides_what_every_result_draws(twice, events):
    twice.ui.aiCheck.checked = False
    events.settle()
    assert drawn(twice.application.scene) == set()
    twice.ui.resultList.currentRow = 1
    assert drawn(twice.application.scene) == set()


def test_an_earlier_result_that_was_removed_leaves_the_list(twice):
    scene = twice.application.scene
    scene.RemoveNode(twice.first.nodes.lesions)
    assert len(rows(twice)) == 1
    assert twice.ui.resultsSection.isHidden()


def test_a_result_removed_from_the_scene_leaves_the_earlier_one_to_be_clicked(twice):
    twice.application.scene.RemoveNode(twice.session.reading.nodes.lesions)
    assert len(rows(twice)) == 1
    twice.ui.resultList.currentRow = 0
    assert twice.session.reading.nodes.lesions is twice.first.nodes.lesions


def test_earlier_results_are_there_after_the_scene_was_saved_and_opened(twice, tmp_path):
    scene = twice.application.scene
    before = rows(twice)
    (tmp_path / "scene").mkdir()
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(tmp_path / "scene"), None)
    scene.Clear(0)
    assert rows(twice) == []
    (file,) = (tmp_path / "scene").glob("*.mrml")
    scene.SetURL(str(file))
    assert scene.Import()
    assert rows(twice) == before
    twice.ui.resultList.currentRow = 1
    assert twice.ui.alphaSlider.value == pytest.approx(0.9)


def test_a_result_of_another_study_brings_its_own_volumes(twice):
    state, t2w = twice.session.state, twice.first.inputs.t2w
    twice.session.study.choose(state, next(iter(twice.session.study.reasons)), None)
    twice.ui.resultList.currentRow = 1
    assert state.t2w is t2w
    assert twice.session.layout.is_on


def test_a_scene_saved_in_the_reading_layout_opens_in_it_and_it_can_be_left(segmented, tmp_path):
    scene, application = segmented.application.scene, segmented.application
    node = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert segmented.session.layout.is_on
    (tmp_path / "scene").mkdir()
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(tmp_path / "scene"), None)
    scene.Clear(0)
    own = node.GetViewArrangement()
    assert own != LAYOUT_ID
    (file,) = (tmp_path / "scene").glob("*.mrml")
    scene.SetURL(str(file))
    assert scene.Import()
    assert node.GetViewArrangement() == LAYOUT_ID
    assert segmented.ui.layoutButton.checked
    label = scene.GetSingletonNode("ReadingHeatmap", "vtkMRMLSliceNode").GetLayoutLabel()
    assert label == "Similarity on T2W"
    segmented.ui.layoutButton.click()
    assert node.GetViewArrangement() == own
    assert not application.reading_layout().is_on
