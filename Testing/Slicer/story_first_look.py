"""Steps of the story about what a first look needs: the panel at Slicer's first width, tool tips, keys, the lesion in
the views."""

from __future__ import annotations

import numpy as np

DECISIONS_END = 500  # pixels that are seen without scrolling at 1280 x 800
NEAR_MM = 0.1
KEYS = {"Shift+N", "Shift+P", "Shift+Y", "Shift+X", "Shift+A", "Shift+L"}


def the_views_stand_on_the_most_confident_lesion(stage):
    from ProstateAlignRefineLib.scene.layout import LABELS
    from ProstateAlignRefineLib.scene.views import centre_of, on_slice, slice_node
    from ProstateAlignRefineLib.scene.volumes import grid_of, ras_of

    reading = stage.session.reading
    if not reading.lesions:
        return
    lesion = on_slice(grid_of(reading.inputs.t2w), ras_of(reading.lesions[0].lesion.diameters.longest.middle))
    for tag in LABELS:
        at = centre_of(slice_node(stage.application.scene, tag))
        assert np.allclose(at, lesion, atol=NEAR_MM), f"{tag}: {at}, the lesion {lesion}"


def what_a_reader_decides_by_is_seen_without_scrolling(stage):
    import qt

    ui, widget = stage.ui, stage.panel.widget
    for name in ("segmentButton", "lesionTable", "acceptButton", "rejectButton"):
        one = getattr(ui, name)
        end = one.mapTo(widget, qt.QPoint(0, one.height)).y()
        assert end <= DECISIONS_END, f"{name} ends at {end} pixels in a panel {widget.width} wide"
    stage.notes["panel"] = f"{widget.width} pixels wide"


def no_column_of_the_table_is_cut_and_all_rows_are_seen(stage):
    table = stage.ui.lesionTable
    columns = [table.columnWidth(column) for column in range(table.columnCount)]
    assert sum(columns) <= table.viewport().width, f"{columns} in {table.viewport().width}"
    if table.rowCount <= 4:
        assert sum(table.rowHeight(row) for row in range(table.rowCount)) <= table.viewport().height


def a_button_says_what_it_does_or_why_it_is_off(stage):
    for name in ("segmentButton", "acceptButton", "paintButton", "undoButton", "segButton", "csvButton", "sendButton"):
        button = getattr(stage.ui, name)
        assert button.toolTip, name
        reason = button.toolTip if button.property("does") is None else button.property("does")
        assert button.enabled or button.toolTip != reason, f"{name} is off and says only what it would do"


def every_key_of_the_help_line_works(stage):
    ui, keys = stage.ui, keys_of(stage.panel.widget)
    assert keys.keys() >= KEYS, sorted(keys)
    for key in KEYS:
        assert key.removeprefix("Shift+") in ui.keysLabel.text
    keys["Shift+A"].activated()
    assert not ui.aiCheck.checked
    keys["Shift+A"].activated()
    keys["Shift+L"].activated()
    assert not stage.session.layout.is_on
    keys["Shift+L"].activated()
    assert stage.session.layout.is_on
    lesions = len(stage.session.reading.lesions)
    if not lesions:
        return
    keys["Shift+N"].activated()
    assert ui.lesionTable.currentRow() == 1 % lesions
    keys["Shift+P"].activated()
    assert ui.lesionTable.currentRow() == 0
    for key, decision in (("Shift+X", "rejected"), ("Shift+Y", "accepted")):
        keys[key].activated()
        assert stage.session.reading.lesions[0].decision.value == decision
        ui.undoButton.click()


def keys_of(widget):
    return {one.key.toString(): one for one in widget.children() if one.className() == "QShortcut"}


STEPS = (
    the_views_stand_on_the_most_confident_lesion,
    what_a_reader_decides_by_is_seen_without_scrolling,
    no_column_of_the_table_is_cut_and_all_rows_are_seen,
    a_button_says_what_it_does_or_why_it_is_off,
    every_key_of_the_help_line_works,
)
