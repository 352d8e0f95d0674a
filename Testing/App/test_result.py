"""What a reader does with a result: tune, review, look, export."""

from dataclasses import replace

import numpy as np
import pytest

from ProstateAlignRefineLib.core.cautions import Caution, caution
from ProstateAlignRefineLib.core.findings.rule import FindingRule, FrocPoint, Term

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed: pip install .[slicer-host]")


def drag(slider, *values):
    """Presses the slider, moves it through the values, and lets it go."""
    inner = slider._qt._slider
    inner.setSliderDown(True)
    for value in values:
        inner.setValue(round(value / slider.singleStep))
        yield value
    inner.setSliderDown(False)


def choose_row(panel, row):
    panel.ui.lesionTable.selectRow(row)


def test_a_dragged_slider_moves_counts_at_once_and_the_table_on_release(segmented, events):
    ui, reading = segmented.ui, segmented.session.reading
    before, table = ui.countsLabel.text, ui.lesionTable.item(0, 1).text()
    for _value in drag(ui.alphaSlider, 0.6, 1.0):
        events.settle()
    assert ui.countsLabel.text != before
    assert reading.setting.alpha == pytest.approx(1.0)
    assert ui.lesionTable.item(0, 1).text() != table


def test_a_slider_let_go_where_it_was_taken_up_shows_the_lesions_again(segmented, events):
    """ctkSliderWidget then says nothing of its being let go."""
    ui, reading = segmented.ui, segmented.session.reading
    choose_row(segmented, 0)
    ui.rejectButton.click()
    counts, display = ui.countsLabel.text, reading.nodes.lesions.GetDisplayNode()
    for _value in drag(ui.alphaSlider, 0.6, 0.25):
        events.settle()
    assert display.GetVisibility2D()
    assert not reading.nodes.review.GetDisplayNode().GetSegmentVisibility("live-mask")
    assert ui.countsLabel.text == counts
    assert reading.undoable.kind.value == "reject"


def test_while_dragging_nothing_is_committed(segmented, events):
    reading, ticks = segmented.session.reading, []
    segmented.session.ticked.connect(ticks.append)
    movement = drag(segmented.ui.alphaSlider, 0.6, 1.0)
    next(movement)
    events.settle()
    assert reading.setting.alpha == pytest.approx(0.25)
    assert len(ticks) == 1
    list(movement)


def test_many_ticks_in_one_turn_of_the_event_loop_cost_one_preview(segmented, events):
    ticks = []
    segmented.session.ticked.connect(ticks.append)
    movement = drag(segmented.ui.tauSlider, *np.arange(0.4, 0.9, 0.01))
    for _ in range(40):
        next(movement)
    events.settle()
    assert len(ticks) == 1
    list(movement)


def test_reset_undo_and_redo(segmented):
    ui, reading = segmented.ui, segmented.session.reading
    assert not ui.resetButton.enabled
    ui.alphaSlider.value = 0.9
    assert ui.undoButton.toolTip == "Undo: Move the gate"
    ui.undoButton.click()
    assert reading.setting.alpha == pytest.approx(0.25)
    assert ui.alphaSlider.value == pytest.approx(0.25)
    ui.redoButton.click()
    assert reading.setting.alpha == pytest.approx(0.9)
    ui.resetButton.click()
    assert (reading.setting.tau, reading.setting.alpha) == (pytest.approx(0.35), pytest.approx(0.25))


def test_the_surface_is_off_at_first_and_follows_on_release_only(segmented, events):
    reading = segmented.session.reading
    node = reading.nodes.lesions
    segmentation, surface = node.GetSegmentation(), "Closed surface"

    def mesh():
        return segmentation.GetSegment(reading.lesions[0].uid).GetRepresentation(surface)

    assert not segmentation.ContainsRepresentation(surface)
    segmented.ui.surfaceCheck.checked = True
    events.settle()
    shown = mesh()
    assert node.GetDisplayNode().GetVisibility3D()
    assert shown.GetNumberOfPoints() > 0
    segmented.session.review.preview(0.2, 1.0)
    assert mesh() is shown
    segmented.session.review.commit(0.2, 1.0)
    assert mesh() is not shown
    segmented.ui.surfaceCheck.checked = False
    events.settle()
    assert not node.GetDisplayNode().GetVisibility3D()


def test_the_surface_costs_nothing_while_it_is_hidden(segmented, events):
    for shown in (True, False):
        segmented.ui.surfaceCheck.checked = shown
        events.settle()
    segmented.session.review.commit(0.2, 1.0)
    assert not segmented.session.reading.nodes.lesions.GetSegmentation().ContainsRepresentation("Closed surface")


def test_the_counts_name_voxels_and_millilitres(segmented):
    counts = segmented.session.reading.counts
    assert f"{counts.mask_ml:.2f} mL ({counts.mask} voxels)" in segmented.ui.countsLabel.text
    assert f"added {counts.added} voxels" in segmented.ui.editsLegend.text


def test_a_rejected_lesion_leaves_the_segmentation_and_the_same_button_brings_it_back(segmented):
    ui, reading = segmented.ui, segmented.session.reading
    ui.lesionTable.setCurrentCell(-1, -1)
    assert not ui.rejectButton.enabled
    choose_row(segmented, 1)
    ui.rejectButton.click()
    assert set(np.unique(reading.labels())) == {0, 1}
    assert ui.lesionTable.item(1, 7).text() == "✗"
    assert ui.lesionSummary.text == "2 found, 1 not reviewed"
    ui.rejectButton.click()
    assert set(np.unique(reading.labels())) == {0, 1, 2}


def test_accepting_is_shown_and_can_be_undone(segmented):
    choose_row(segmented, 0)
    segmented.ui.acceptButton.click()
    assert segmented.ui.lesionTable.item(0, 7).text() == "✓"
    segmented.ui.undoButton.click()
    assert segmented.ui.lesionTable.item(0, 7).text() == "–"


def test_a_click_on_a_lesion_brings_all_views_to_it(segmented):
    segmented.ui.lesionTable.cellClicked(1, 0)
    lesion = segmented.session.reading.lesions[1].lesion
    scene = segmented.application.scene
    centres = []
    for tag in ("ReadingT2W", "ReadingADC", "ReadingHBV", "ReadingHeatmap"):
        matrix = scene.GetSingletonNode(tag, "vtkMRMLSliceNode").GetSliceToRAS()
        centres.append([matrix.GetElement(row, 3) for row in range(3)])
    right, anterior, superior = -lesion.centre_lps[0], -lesion.centre_lps[1], lesion.centre_lps[2]
    for centre in centres:
        assert centre == pytest.approx([right, anterior, superior], abs=3.0)


def test_the_views_go_to_the_slice_that_the_ruler_lies_in(open_panel, with_study, events):
    panel = with_study(open_panel("cone"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    from ProstateAlignRefineLib.scene.views import centre_of, slice_node

    (found,) = panel.session.reading.lesions
    grid = panel.session.reading.maps.grid
    assert round(float(grid.to_index(found.lesion.centre_lps)[2])) != found.lesion.diameters.slice
    r, a, s = centre_of(slice_node(panel.application.scene, "ReadingT2W"))
    assert float(grid.to_index((-r, -a, s))[2]) == pytest.approx(found.lesion.diameters.slice, abs=0.01)


def test_a_result_opens_the_reading_layout_and_leaving_the_module_closes_it(segmented):
    assert segmented.ui.layoutButton.checked
    segmented.exit()
    assert not segmented.session.layout.is_on
    assert not segmented.ui.layoutButton.checked
    segmented.ui.layoutButton.click()
    assert segmented.session.layout.is_on


def test_display_switches_reach_the_scene_and_the_state(segmented, events):
    ui, nodes, state = segmented.ui, segmented.session.reading.nodes, segmented.session.state
    ui.outlineCheck.checked = False
    ui.editsCheck.checked = True
    ui.heatmapCheck.checked = True
    events.settle()
    assert nodes.lesions.GetDisplayNode().GetVisibility2DFill()
    assert (state.outline, state.edits, state.heatmap) == (False, True, True)
    ui.aiCheck.checked = False
    events.settle()
    assert not nodes.lesions.GetDisplayNode().GetVisibility()


def test_the_heatmap_has_a_legend_with_numbers(segmented):
    low, high = float(segmented.ui.legendLow.text), float(segmented.ui.legendHigh.text)
    assert 0 <= low < high <= 1


def test_a_result_removed_from_the_scene_is_told_not_touched(segmented):
    segmented.application.scene.RemoveNode(segmented.session.reading.nodes.lesions)
    assert "removed from the scene" in segmented.ui.acceptButton.toolTip
    assert not segmented.ui.tauSlider.enabled


def test_window_presets_change_the_grey_ranges(segmented):
    display = segmented.session.reading.inputs.adc.GetDisplayNode()
    standard = display.GetWindowLevelMin(), display.GetWindowLevelMax()
    segmented.ui.windowBox.currentIndex = 1
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) != standard


def test_inputs_chosen_for_the_next_run_stay_chosen_while_the_result_is_tuned(segmented):
    state = segmented.session.state
    segmented.ui.hbvSelector.choose(state.t2w)
    segmented.session.review.commit(0.4, 0.9)
    assert state.hbv is state.t2w
    assert segmented.session.reading.inputs.hbv is not state.t2w


def test_a_run_that_ends_while_the_user_is_elsewhere_leaves_the_layout_alone(panel, with_study, events):
    with_study(panel)
    panel.ui.segmentButton.click()
    panel.exit()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading is not None
    assert not panel.session.layout.is_on


def test_painted_voxels_are_taken_up_when_the_user_comes_back(segmented):
    reading = segmented.session.reading
    segmented.exit()
    node = reading.nodes.lesions.GetSegmentation()
    node.RemoveSegment(node.GetNthSegmentID(0))
    segmented.enter()
    assert segmented.ui.lesionTable.rowCount == 1
    assert segmented.ui.undoButton.toolTip == "Undo: Edit voxels"


@pytest.mark.fault("images that give reason for a caution", "a coloured line above the lesions; saved with the scene")
def test_cautions_stand_above_the_lesions_and_stay_with_the_scene(segmented):
    assert "Caution: The worker saw something." in segmented.ui.cautionLabel.text
    segmented.session.adopt_scene()
    assert "Caution: The worker saw something." in segmented.ui.cautionLabel.text


def test_a_caution_is_put_into_the_users_language_with_its_figures(segmented, monkeypatch):
    from ProstateAlignRefineLib.app import texts

    german = {"The ADC is zero or less in {share} of the gland": "Im ADC ist {share} der Druese null oder kleiner"}

    def translate(context, text):
        assert context == "core.caution_texts"
        return next((found for start, found in german.items() if text.startswith(start)), text)

    monkeypatch.setattr(texts, "translate", translate)
    filled = caution("adc-empty-in-gland", share="12%")
    segmented.session.state.run = replace(segmented.session.reading.run, cautions=(filled,))
    (kept,) = segmented.session.state.run.cautions
    assert texts.caution_text(kept) == "Im ADC ist 12% der Druese null oder kleiner"
    assert texts.caution_text(Caution(kept.code, kept.text)) == kept.text  # of a report, which keeps no fields
    assert texts.caution_text(Caution("seen", "As {it} was written.")) == "As {it} was written."


RULE = FindingRule(
    -2.0,
    (Term("peak_margin", 0.0, 1.0, 0.0),),
    0.6,
    (FrocPoint(0.9, 0.05, 0.5), FrocPoint(0.6, 0.2, 0.7), FrocPoint(0.1, 1.5, 0.9)),
    50,
    0.35,
    0.25,
)
"""Sure of nothing: every finding is a candidate, with a confidence of 0.12."""


def test_the_sensitivity_brings_up_candidates_which_count_once_they_are_accepted(segmented):
    ui, session = segmented.ui, segmented.session
    assert not ui.sensitivitySlider.enabled  # a model without a rule tells none
    before = session.reading
    run = replace(before.run, model=replace(before.run.model, findings=RULE))
    from ProstateAlignRefineLib.scene.reading import Reading

    session.reading = Reading.start(before.scene, before.inputs, before.maps, run)
    session.changed.emit()
    assert ui.lesionTable.rowCount == 0
    assert "higher 'Sensitivity'" in ui.lesionSummary.text
    assert "0.20 false positives a study, 70%" in ui.sensitivityLabel.text
    list(drag(ui.sensitivitySlider, 1.5))
    assert ui.lesionTable.rowCount == len(before.lesions)
    assert "1.50 false positives a study, 90%" in ui.sensitivityLabel.text
    review = ui.lesionTable.columnCount - 1
    assert ui.lesionTable.item(0, review).text() == "?"
    assert not session.reading.labels().any()
    choose_row(segmented, 0)
    ui.acceptButton.click()
    assert ui.lesionTable.item(0, review).text() == "✓"
    assert session.reading.labels().any()
