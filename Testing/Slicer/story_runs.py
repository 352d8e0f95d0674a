"""Steps of the story about a study and its runs: opening, cancelling, segmenting, results in turn."""

from __future__ import annotations

import shutil
import time

CANCEL_SECONDS = 1.0


def a_study_opens_from_its_folder_with_reasons(stage):
    stage.application.answers["folder"] = own_copy(stage)
    stage.ui.openButton.click()
    assert stage.session.inputs is not None, stage.session.message
    assert all((stage.ui.t2wReason.text, stage.ui.adcReason.text, stage.ui.hbvReason.text))


def own_copy(stage):
    """Of the study, so that the story may move it."""
    folder = stage.output / "study"
    if not folder.exists():
        shutil.copytree(stage.study, folder)
    return folder


def loaded_volumes_are_matched_as_they_were_opened(stage):
    opened = list(stage.session.inputs)
    stage.ui.matchButton.click()
    matched = list(stage.session.inputs or ())
    assert [node.GetID() for node in matched] == [node.GetID() for node in opened]


def the_python_is_tested_and_names_its_device(stage):
    stage.ui.testButton.click()
    stage.wait(lambda: not stage.session.device.pending, 180)
    assert stage.session.device.works, stage.session.device.line
    stage.notes["device"] = stage.session.device.line


def cancel_ends_the_run_within_a_second(stage):
    start(stage)
    stage.wait(lambda: stage.session.run.stage != "starting Python", 60)
    started = time.monotonic()
    stage.ui.segmentButton.click()
    took = time.monotonic() - started
    assert stage.session.worker.pid is None
    assert took < CANCEL_SECONDS, f"{took:.2f} s"
    stage.notes["cancel"] = f"{took * 1000:.0f} ms"


def a_click_too_late_to_cancel_starts_nothing(stage):
    start(stage)
    stage.wait(lambda: stage.session.run.stage != "starting Python", 60)
    for _click in range(2):
        stage.ui.segmentButton.click()
        assert not stage.session.run.running


def removing_the_t2w_stops_the_run_at_once_and_says_so(stage):
    inputs = stage.session.inputs
    start(stage)
    stage.wait(lambda: stage.session.run.stage != "starting Python", 60)
    stage.application.scene.RemoveNode(inputs.t2w)
    assert not stage.session.run.running
    assert stage.session.worker.pid is None
    assert stage.ui.messageLabel.text == "The T2W was removed; the run was stopped."
    for node, selector in ((inputs.hbv, stage.ui.hbvSelector), (inputs.adc, stage.ui.adcSelector)):
        stage.application.scene.RemoveNode(node)
        assert selector.currentNode() is None
    a_study_opens_from_its_folder_with_reasons(stage)


def start(stage):
    stage.wait(lambda: bool(stage.ui.segmentButton.enabled), 5)
    stage.ui.segmentButton.click()
    assert stage.ui.segmentButton.text == "Cancel"


def segmenting_brings_a_new_segmentation_and_the_reading_layout(stage):
    start(stage)
    stage.wait(lambda: not stage.session.run.running, 1800)
    reading = stage.session.reading
    assert reading is not None, stage.session.message
    assert stage.session.layout.is_on
    assert reading.algorithm_type == "AUTOMATIC"
    node = reading.nodes.lesions
    assert node.GetNodeReference("referenceImageGeometryRef") is reading.inputs.t2w
    stage.notes["lesions"] = str(len(reading.lesions))


def the_second_click_finds_the_worker_warm(stage):
    first, pid = stage.session.reading.nodes.lesions, stage.session.worker.pid
    tau, alpha = stage.session.reading.setting.gate
    stage.session.review.commit(tau / 2, alpha)
    stage.application.answers["confirm"] = False  # a moved gate is the reader's work: it is to be kept
    start(stage)
    started = time.monotonic()
    stage.wait(lambda: not stage.session.run.running, 1800)
    assert stage.session.worker.pid == pid
    assert stage.session.reading.nodes.lesions is not first
    assert stage.application.scene.IsNodePresent(first)
    stage.notes["second run"] = f"{time.monotonic() - started:.1f} s"


def one_result_is_drawn_and_the_earlier_one_is_a_click_away(stage):
    newest = stage.session.reading
    rows = stage.ui.resultList
    assert rows.count == 2
    assert rows.currentRow == 0
    for row in range(rows.count):
        said = rows.item(row).text()
        assert stage.session.bundle.facts.name in said
        assert newest.run.prompt in said
        assert ":" in said, "no time"
    assert drawn(stage) == own(newest)
    rows.currentRow = 1
    earlier = stage.session.reading
    assert earlier.nodes.lesions is not newest.nodes.lesions
    assert drawn(stage) == own(earlier)
    assert stage.ui.lesionTable.rowCount == len(earlier.lesions)
    rows.currentRow = 0
    assert stage.session.reading.nodes.lesions is newest.nodes.lesions
    assert drawn(stage) == own(newest)


def the_ai_results_off_leave_nothing_drawn(stage):
    stage.ui.aiCheck.checked = False
    stage.wait(lambda: not drawn(stage), 5)
    stage.ui.aiCheck.checked = True
    stage.wait(lambda: drawn(stage) == own(stage.session.reading), 5)


def drawn(stage):
    """Segmentations that a view draws."""
    scene, kind = stage.application.scene, "vtkMRMLSegmentationNode"
    nodes = [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]
    return {node.GetID() for node in nodes if node.GetDisplayNode().GetVisibility()}


def own(reading):
    nodes = (reading.nodes.lesions, reading.nodes.review, reading.nodes.gland)
    return {node.GetID() for node in nodes if node is not None}
