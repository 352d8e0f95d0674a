"""The panel at Slicer's first width on a small screen: nothing cut, and what a reader needs together at the top."""

import numpy as np
import pytest

from App.conftest import WIDTH
from ProstateAlignRefineLib.scene.layout import LABELS, OWN_LAYOUTS
from ProstateAlignRefineLib.scene.views import slice_node

STUDY_SPACING_Z = 3.0
MARGINS = 40  # pixels at most, of a row within its section
DECISIONS_END = 500  # pixels that are seen without scrolling at 1280 x 800
BUTTONS = ("layoutButton", "resetButton", "undoButton", "acceptButton", "rejectButton", "csvButton", "copyButton")


@pytest.fixture
def narrow(segmented, first_width):
    return first_width(segmented)


@pytest.fixture
def crowded(open_panel, with_study, first_width, events):
    """More lesions than rows, a message of two lines, three long cautions, and an earlier result."""
    panel = with_study(open_panel("much to say"))
    for prompt in ("prostate lesion", "left apex"):
        panel.session.type_prompt(prompt)
        events.until(lambda: panel.ui.segmentButton.enabled)
        panel.ui.segmentButton.click()
        events.until(lambda: not panel.session.run.running)
    panel.session.say(panel.session.message + " Another sentence, so that the message has two lines.")
    return first_width(panel)


def bottom_of(panel, widget):
    return widget._qt.mapTo(panel.widget._qt, widget._qt.rect().bottomLeft()).y()


def wide_rows(panel):
    """Names in the .ui of the layouts that leave the others no such width, and the pixels that each needs."""
    from PySide6.QtWidgets import QLayout

    needed = {row.objectName(): row.minimumSize().width() for row in panel.widget._qt.findChildren(QLayout)}
    return {name: pixels for name, pixels in needed.items() if pixels > WIDTH - MARGINS}


def test_no_column_of_the_table_is_cut(narrow):
    table = narrow.ui.lesionTable._qt
    assert narrow.widget._qt.width() == WIDTH, f"too wide for Slicer's first width: {wide_rows(narrow)}"
    assert not table.horizontalScrollBar().isVisible()
    whole = sum(table.columnWidth(column) for column in range(table.columnCount()))
    assert whole <= table.viewport().width()
    for column in range(table.columnCount()):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column), table.horizontalHeaderItem(column).text()


def test_the_table_is_as_high_as_its_rows(narrow):
    table = narrow.ui.lesionTable._qt
    rows = sum(table.rowHeight(row) for row in range(table.rowCount()))
    assert table.rowCount() > 0
    assert rows <= table.viewport().height() <= rows + 4


def test_message_table_and_decisions_stand_together_at_the_top(narrow):
    assert narrow.ui.studySection.collapsed
    assert_together(narrow)


def assert_together(panel):
    for name in ("segmentButton", "messageLabel", "cautionLabel", "lesionTable", "acceptButton", "rejectButton"):
        assert bottom_of(panel, getattr(panel.ui, name)) < DECISIONS_END, name


def test_with_much_to_say_they_stand_there_too_and_nothing_is_cut(crowded):
    ui = crowded.ui
    assert ui.messageLabel.visible
    assert ui.resultsSection.visible
    assert ui.lesionTable.rowCount == 6
    assert_together(crowded)
    table = ui.lesionTable._qt
    assert table.verticalScrollBar().isVisible()
    assert not table.horizontalScrollBar().isVisible()
    for column in range(table.columnCount()):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column), table.horizontalHeaderItem(column).text()
    for label in (ui.researchLabel, ui.messageLabel, ui.noticeLabel, ui.cautionLabel, ui.lesionSummary, ui.glandLabel):
        assert label._qt.height() >= label._qt.heightForWidth(label._qt.width()), label.text


def test_cautions_are_one_line_and_all_of_them_at_a_click(crowded, events):
    label, button = crowded.ui.cautionLabel, crowded.ui.cautionButton
    line, height = label.text, label._qt.height()
    assert line.startswith("3 cautions. Caution: The ADC map")
    assert line.endswith("…")
    assert height < 2 * label.fontMetrics().lineSpacing()
    button.click()
    events.settle()
    assert label.text.count("may be drawn beside its place.") == 3
    assert label._qt.height() > height
    assert label.text in label.toolTip
    crowded.refresh()
    assert label.text != line, "stays open while the result is the same"
    button.click()
    assert label.text == line


def test_cautions_of_another_result_are_folded_anew(crowded):
    crowded.ui.cautionButton.click()
    crowded.ui.resultList.currentRow = 1
    assert crowded.ui.cautionButton.checked  # of the same words
    crowded.application.scene.Clear(0)
    assert not crowded.ui.cautionButton.checked
    assert not crowded.ui.cautionLabel.visible
    assert not crowded.ui.cautionButton.visible


def test_a_caution_that_fits_has_no_button(narrow):
    assert narrow.ui.cautionLabel.text == "Caution: The worker saw something."
    assert not narrow.ui.cautionButton.visible


def test_no_text_is_cut_short(narrow):
    ui = narrow.ui
    ui.studySection.collapsed = False
    for label in (ui.t2wReason, ui.adcReason, ui.hbvReason):
        assert "…" not in label.text
        assert label._qt.wordWrap()


def test_long_names_hold_the_panel_no_wider(first_width, segmented, tmp_path):
    """As long as DICOM and file systems let them be."""
    name = "t2_tse_tra_" + 53 * "x"
    segmented.session.inputs.t2w.SetName(name)
    segmented.ui.matchButton.click()
    segmented.ui.studySection.collapsed = False
    segmented.application.answers["new file"] = tmp_path / (60 * "lesions_" + ".csv")
    segmented.ui.csvButton.click()
    segmented.session.say(f"The volume '{name}' holds no voxels; load it again or choose another.")
    assert name in segmented.ui.t2wReason.text.replace("\u200b", "")
    labels = (segmented.ui.t2wReason, segmented.ui.messageLabel, segmented.ui.exportLabel)
    assert segmented.widget.minimumSizeHint.width() <= WIDTH, wide_rows(segmented)
    assert max(label._qt.minimumSizeHint().width() for label in labels) < WIDTH - MARGINS


def test_enabled_buttons_say_what_they_do(narrow):
    ui = narrow.ui
    for name in BUTTONS:
        button = getattr(ui, name)
        if button.enabled:
            assert button.toolTip
            assert "first" not in button.toolTip, name
    assert ui.csvButton.enabled
    assert ui.csvButton.toolTip != "Segment first."


def test_before_the_first_run_the_gate_is_the_models(panel):
    facts = panel.session.bundle.facts
    assert panel.session.reading is None
    assert panel.ui.tauSlider.value == pytest.approx(facts.tau)
    assert panel.ui.alphaSlider.value == pytest.approx(facts.alpha)


def test_an_opened_study_is_shown_at_once_and_its_section_folds(panel, with_study):
    assert not panel.ui.studySection.collapsed
    with_study(panel)
    assert panel.session.layout.is_on
    assert panel.ui.studySection.collapsed
    assert "chosen" in panel.ui.studySection.text


def test_a_folder_without_a_study_leaves_the_section_open(panel, tmp_path):
    (tmp_path / "case_t2w.mha").write_bytes(b"no image")
    panel.application.answers["folder"] = tmp_path
    panel.ui.openButton.click()
    assert not panel.ui.studySection.collapsed
    assert not panel.session.layout.is_on


def test_after_a_run_the_most_confident_lesion_is_chosen_and_looked_at(segmented):
    assert segmented.ui.lesionTable.currentRow() == 0
    x, y, z = segmented.session.reading.lesions[0].lesion.centre_lps
    for tag in LABELS:
        to_ras = slice_node(segmented.application.scene, tag).GetSliceToRAS()
        centre = np.array([to_ras.GetElement(row, 3) for row in range(3)])
        assert np.linalg.norm(centre - (-x, -y, z)) < STUDY_SPACING_Z, tag


@pytest.mark.parametrize("key", ["Shift+N", "Shift+P", "Shift+Y", "Shift+X", "Shift+A", "Shift+L"])
def test_every_key_of_the_help_line_is_one(segmented, key):
    from PySide6.QtGui import QShortcut

    keys = {one.key().toString() for one in segmented.widget._qt.findChildren(QShortcut)}
    assert key in keys
    assert key.removeprefix("Shift+") in segmented.ui.keysLabel.text


def press(panel, key):
    from PySide6.QtGui import QShortcut

    next(one for one in panel.widget._qt.findChildren(QShortcut) if one.key().toString() == key).activated.emit()


def test_keys_walk_through_the_lesions_and_decide(segmented):
    ui, session = segmented.ui, segmented.session
    press(segmented, "Shift+N")
    assert ui.lesionTable.currentRow() == 1
    press(segmented, "Shift+X")
    assert ui.lesionTable.item(1, 7).text() == "✗"
    press(segmented, "Shift+N")
    assert ui.lesionTable.currentRow() == 0
    press(segmented, "Shift+P")
    assert ui.lesionTable.currentRow() == 1
    press(segmented, "Shift+Y")
    assert ui.lesionTable.item(1, 7).text() == "✓"
    on = session.layout.is_on
    press(segmented, "Shift+L")
    assert session.layout.is_on != on


def test_a_capital_typed_into_a_field_is_text_and_no_key_of_ours(narrow, events):
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    ui = narrow.ui
    narrow.widget._qt.activateWindow()
    ui.promptEdit.text = ""
    for widget, row in ((ui.promptEdit, 0), (ui.psaEdit, 0), (ui.lesionTable, 1)):
        ui.lesionTable.selectRow(0)
        widget._qt.setFocus()
        events.settle()
        QTest.keyClick(widget._qt, Qt.Key_N, Qt.ShiftModifier)
        assert ui.lesionTable.currentRow() == row
    ui.promptEdit._qt.setFocus()
    QTest.keyClick(ui.promptEdit._qt, Qt.Key_X, Qt.ShiftModifier)
    assert ui.promptEdit.text.lower() == "nx"
    assert ui.lesionTable.item(1, 7).text() == "–"


def test_the_bar_goes_by_the_clock_within_what_the_worker_has_told(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    run = panel.session.run
    panel.application.keep_setting(f"pace/{panel.session.bundle.facts.sha256[:12]}/auto/cold", "2.0 0 0")
    panel.ui.segmentButton.click()
    seen = []
    events.until(lambda: seen.append(run.percent) or (run.stage == "running the network" and run.elapsed > 2.5))
    assert seen == sorted(seen)
    assert 30 < seen[-1] <= 78  # the network's end: no more has been told


def test_3d_has_a_view_of_its_own_in_the_reading_layout(segmented):
    layout = segmented.application.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    segmented.session.read()
    before = layout.GetViewArrangement()
    segmented.ui.surfaceCheck.checked = True
    segmented.session.show_as_set()
    assert segmented.session.layout.is_on
    assert layout.GetViewArrangement() != before
    assert "vtkMRMLViewNode" in layout.GetCurrentLayoutDescription()
    segmented.ui.surfaceCheck.checked = False
    segmented.session.show_as_set()
    assert layout.GetViewArrangement() == before
    segmented.session.leave_layout()
    assert layout.GetViewArrangement() not in OWN_LAYOUTS


def test_no_button_is_a_mere_ellipsis(panel):
    from PySide6.QtWidgets import QPushButton

    assert all(len(button.text().strip("… ")) > 2 for button in panel.widget._qt.findChildren(QPushButton))
