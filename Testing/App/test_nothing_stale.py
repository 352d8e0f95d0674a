# ruff: noqa: E402 - without slicer-core the whole file is skipped
"""What goes from the scene goes from the screen, and every label says what is there now."""

import gc
from dataclasses import replace

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")

from vtk import vtkWeakReference

from App.scenes import add_note
from ProstateAlignRefineLib.core.findings.rule import FindingRule, FrocPoint, Term
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.scene.drawn import Drawn
from ProstateAlignRefineLib.scene.edit_mark import EditMark
from ProstateAlignRefineLib.scene.layout import HEATMAP_TAG, LAYOUT_ID, TAGS, ReadingLayout
from ProstateAlignRefineLib.scene.live import LiveGate
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.views import composite_node, slice_node
from ProstateAlignRefineLib.scene.windows import set_window, window_of


def nodes(scene, kind):
    return [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]


def drawn(scene):
    segmentations = nodes(scene, "vtkMRMLSegmentationNode")
    return {node.GetID() for node in segmentations if node.GetDisplayNode().GetVisibility()}


def heatmap_title(panel):
    return slice_node(panel.application.scene, HEATMAP_TAG).GetLayoutLabel()


def again(panel, events):
    events.until(lambda: panel.ui.segmentButton.enabled)
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)


@pytest.mark.parametrize("lost", ["lesions", "review", "t2w"])
def test_nothing_of_a_result_that_lost_a_node_is_shown(segmented, lost):
    ui, reading, scene = segmented.ui, segmented.session.reading, segmented.application.scene
    ui.lesionTable.selectRow(0)
    segmented.session.say("Said of this result.")
    scene.RemoveNode(reading.inputs.t2w if lost == "t2w" else getattr(reading.nodes, lost))
    assert ui.lesionTable.rowCount == 0
    assert ui.lesionSummary.text == "The result was removed from the scene; segment again."
    assert drawn(scene) == set()
    assert heatmap_title(segmented) == ("empty" if lost == "t2w" else "T2W")
    assert not any(line.GetDisplayNode().GetVisibility() for line in nodes(scene, "vtkMRMLMarkupsLineNode"))
    assert ui.cautionLabel.text == ui.glandLabel.text == ui.noticeLabel.text == ""
    assert ui.messageLabel.text == ui.sensitivityLabel.text == ""
    assert not ui.psaEdit.enabled


def test_a_gland_removed_by_hand_cannot_be_shown(open_panel, with_study, events):
    panel = with_study(open_panel("with gland"))
    again(panel, events)
    assert panel.ui.glandCheck.enabled
    panel.application.scene.RemoveNode(panel.session.reading.nodes.gland)
    assert not panel.ui.glandCheck.enabled
    assert panel.ui.lesionTable.rowCount == 2


def test_a_layout_chosen_in_slicers_menu_is_seen_at_the_button(segmented):
    assert segmented.ui.layoutButton.checked
    layout = segmented.application.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    layout.SetViewArrangement(6)
    assert not segmented.ui.layoutButton.checked
    segmented.cleanup()
    layout.SetViewArrangement(LAYOUT_ID)
    assert not segmented.ui.layoutButton.checked


def test_without_its_state_node_the_panel_goes_on(segmented, events):
    reading, inputs = segmented.session.reading, segmented.session.inputs
    segmented.application.scene.RemoveNode(segmented.session.state.node)
    assert segmented.session.reading is reading
    assert segmented.session.inputs == inputs
    again(segmented, events)
    assert segmented.session.reading is not reading


def test_a_similarity_that_the_user_removed_is_no_longer_named(segmented, events):
    reading = segmented.session.reading
    segmented.application.scene.RemoveNode(reading.nodes.maps.similarity)
    segmented.ui.opacitySlider.value = 0.4
    events.settle()
    assert heatmap_title(segmented) == "T2W"
    assert composite_node(segmented.application.scene, HEATMAP_TAG).GetForegroundVolumeID() is None
    segmented.ui.tauSlider.value = 0.6
    assert reading.setting.tau == pytest.approx(0.6)


def rule(*rates):
    points = tuple(FrocPoint(0.9 - 0.1 * n, rate, 0.5 + 0.1 * n) for n, rate in enumerate(rates))
    return FindingRule(-2.0, (Term("peak_margin", 0.0, 1.0, 0.0),), 0.6, points, 50, 0.35, 0.25)


def test_another_models_sensitivity_is_not_moved_by_showing_it(segmented):
    """Its scale ends below where the slider stood."""
    session, first = segmented.session, segmented.session.reading
    for rates, moved in (((0.1, 3.0), 2.5), ((0.1, 1.5), None)):
        run = replace(first.run, model=replace(first.run.model, findings=rule(*rates)))
        session.reading = Reading.start(first.scene, first.inputs, first.maps, run)
        session.changed.emit()
        if moved:
            segmented.ui.sensitivitySlider.value = moved
    assert session.reading.setting.false_positives == 0.0
    assert segmented.ui.sensitivitySlider.value == 0.0
    assert session.reading.undoable is None


def test_the_grey_ranges_are_what_the_box_says_for_the_next_study_too(segmented, study_folder):
    segmented.ui.windowBox.currentIndex = 1
    adc = segmented.session.inputs.adc
    narrow = adc.GetDisplayNode().GetWindowLevelMin(), adc.GetDisplayNode().GetWindowLevelMax()
    segmented.application.answers["folder"] = study_folder
    segmented.ui.openButton.click()
    other = segmented.session.inputs.adc
    assert other is not adc
    assert (other.GetDisplayNode().GetWindowLevelMin(), other.GetDisplayNode().GetWindowLevelMax()) == narrow
    assert segmented.ui.windowBox.currentIndex == 1
    segmented.application.scene.Clear(0)
    assert segmented.ui.windowBox.currentIndex == 0


def test_a_report_that_was_written_is_not_said_to_be_of_the_next_setting(segmented, tmp_path):
    form = segmented.assessment.widgets
    segmented.application.answers["new file"] = tmp_path / "report.html"
    form.reportButton.click()
    assert form.reportLabel.text == "Written: report.html"
    segmented.ui.tauSlider.value = 0.6
    assert form.reportLabel.text == ""


def test_what_was_said_of_one_run_is_not_said_of_another(open_panel, with_study, events):
    panel = with_study(open_panel("much to say"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    panel.session.type_prompt("left apex")
    again(panel, events)
    assert "computed on the CPU" in panel.ui.messageLabel.text
    panel.ui.resultList.currentRow = 1
    assert panel.ui.messageLabel.text == ""


@pytest.fixture
def saved(segmented, tmp_path):
    """The file of a scene with a result."""
    folder = tmp_path / "scene"
    folder.mkdir()
    assert segmented.application.scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    return next(folder.glob("*.mrml"))


def test_a_scene_added_beside_a_result_leaves_one_of_both_in_sight(segmented, saved):
    scene, before = segmented.application.scene, segmented.session.reading
    scene.SetURL(str(saved))
    assert scene.Import()
    after = segmented.session.reading
    assert after.nodes.lesions is not before.nodes.lesions
    assert drawn(scene) == {after.nodes.lesions.GetID(), after.nodes.review.GetID()}
    assert segmented.ui.resultList.count == 2
    segmented.ui.resultList.currentRow = 1 - segmented.ui.resultList.currentRow
    assert segmented.session.reading.nodes.lesions is before.nodes.lesions


def test_a_scene_without_a_result_that_is_added_leaves_the_reader_where_he_was(segmented, tmp_path):
    segmented.ui.tauSlider.value = 0.6
    scene, reading = segmented.application.scene, segmented.session.reading
    add_note(scene, tmp_path)
    assert scene.GetFirstNodeByName("note") is not None
    assert segmented.session.reading is reading
    assert segmented.ui.undoButton.enabled


def test_a_scene_added_in_the_reading_layout_leaves_the_way_back(panel, with_study, tmp_path):
    """Windows as they were before it, and one who writes the titles."""
    living = alive(ReadingLayout)
    with_study(panel)
    adc = panel.session.inputs.adc
    panel.session.leave_layout()
    set_window(adc, (11.0, 22.0))
    panel.session.read()
    add_note(panel.application.scene, tmp_path)
    assert panel.session.layout.is_on
    assert alive(ReadingLayout) == living
    panel.session.leave_layout()
    assert window_of(adc) == pytest.approx((11.0, 22.0))


def test_a_panel_that_went_marks_no_edits(segmented):
    """Reload: the next panel takes the result up, and writes into its segments."""
    living = alive(EditMark)
    segmented.cleanup()
    assert alive(EditMark) == living - 1


def test_volumes_that_cannot_be_shown_are_said_where_they_are_asked_for(segmented):
    ui, t2w = segmented.ui, segmented.session.reading.inputs.t2w
    t2w.SetAndObserveImageData(None)
    ui.lesionTable.cellClicked(1, 0)
    assert ui.messageLabel.text == "The volume 'T2W' holds no voxels; load it again or choose another."
    segmented.session.say("")
    ui.windowBox.currentIndex = 1
    assert ui.messageLabel.text == "The volume 'T2W' holds no voxels; load it again or choose another."


def test_another_volume_chosen_while_the_study_is_read_is_shown_at_once(panel, with_study):
    """Else the view called ADC shows another volume than the one that the panel calls so."""
    with_study(panel)
    scene, adc = panel.application.scene, panel.session.inputs.adc
    other = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another ADC")
    other.Copy(adc)
    view = composite_node(scene, TAGS[Modality.ADC])
    panel.ui.adcSelector.choose(other)
    assert view.GetBackgroundVolumeID() == other.GetID()
    panel.ui.matchButton.click()
    assert view.GetBackgroundVolumeID() == panel.session.inputs.adc.GetID()
    panel.ui.layoutButton.click()
    panel.ui.adcSelector.choose(other)
    assert not panel.session.layout.is_on


def test_a_closed_scene_holds_nothing_of_ours(panel, with_study, events):
    """After several runs, one of them set aside: no node, no voxels, no watcher."""
    scene = panel.application.scene
    kinds = ("Volume", "Segmentation", "MarkupsLine", "ColorTable", "ColorLegendDisplay", "ScriptedModule")
    classes = [f"vtkMRML{kind}Node" for kind in kinds]
    before = {kind: scene.GetNumberOfNodesByClass(kind) for kind in classes}
    living = {kind: alive(kind) for kind in (Reading, Drawn, EditMark, LiveGate, ReadingLayout)}
    with_study(panel)
    again(panel, events)
    panel.ui.lesionTable.selectRow(0)
    panel.ui.acceptButton.click()
    panel.session.type_prompt("left apex")
    again(panel, events)
    again(panel, events)
    voxels = vtkWeakReference()  # of a map that no view shows: a view's pipeline holds the last image it drew
    voxels.Set(panel.session.reading.nodes.maps.confidence.GetImageData())
    scene.Clear(0)
    events.settle()
    assert {kind: scene.GetNumberOfNodesByClass(kind) for kind in classes} == before
    assert {kind: alive(kind) for kind in living} == living
    assert voxels.Get() is None


def alive(kind):
    gc.collect()
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


@pytest.mark.parametrize("name", ["lesions", "review", "gland"])
def test_a_display_node_that_was_deleted_comes_back_as_it_was(open_panel, with_study, events, name):
    panel = with_study(open_panel("with gland"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    node = getattr(panel.session.reading.nodes, name)
    look = [getattr(node.GetDisplayNode(), ask)() for ask in LOOK]
    panel.application.scene.RemoveNode(node.GetDisplayNode())
    panel.ui.editsCheck.checked = True
    panel.session.review.preview(0.5, 0.5)
    panel.session.review.commit(0.5, 0.5)
    panel.ui.surfaceCheck.checked = True
    panel.ui.aiCheck.checked = False
    events.settle()
    panel.ui.surfaceCheck.checked = False
    panel.ui.aiCheck.checked = True
    events.settle()
    assert [getattr(node.GetDisplayNode(), ask)() for ask in LOOK] == look


LOOK = ("GetVisibility", "GetVisibility2D", "GetVisibility3D", "GetVisibility2DFill", "GetSliceIntersectionThickness")
