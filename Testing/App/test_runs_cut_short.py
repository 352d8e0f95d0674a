"""Runs that fail, are cancelled, or lose what they work on: told in one sentence, nothing of them stays."""

import pytest


def test_cancel_ends_the_run_and_changes_nothing(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    nodes = panel.application.scene.GetNumberOfNodes()
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    panel.ui.segmentButton.click()
    assert panel.ui.segmentButton.text == "Segment lesion"
    assert panel.ui.messageLabel.text == "Cancelled."
    assert panel.session.worker.pid is None
    assert panel.application.scene.GetNumberOfNodes() == nodes


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("crash", "exit code 3"), ("out of memory", "memory did not suffice"), ("does not start", "no such luck")],
)
def test_a_failed_run_is_told_and_can_be_repeated(open_panel, with_study, events, behaviour, words):
    panel = with_study(open_panel(behaviour))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert words in panel.ui.messageLabel.text
    assert panel.session.reading is None
    events.until(lambda: panel.ui.segmentButton.enabled)


def test_a_click_that_comes_too_late_to_cancel_starts_no_run(panel, with_study, events):
    """The run ends on its own, or by a first click, just before the click."""
    with_study(panel)
    panel.ui.segmentButton.click()
    panel.ui.segmentButton.click()
    panel.ui.segmentButton.click()
    assert not panel.session.run.running
    events.until(lambda: panel.ui.segmentButton.enabled)
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    reading = panel.session.reading
    panel.ui.segmentButton.click()
    assert not panel.session.run.running
    assert panel.session.reading is reading
    assert panel.ui.segmentButton.toolTip == "The run has just ended; one moment."
    events.until(lambda: panel.ui.segmentButton.enabled)
    assert "Finds lesions" in panel.ui.segmentButton.toolTip


@pytest.mark.fault("a volume removed while the network runs", "the run stops at once, and the panel says so")
@pytest.mark.parametrize("modality", ["t2w", "adc", "hbv"])
def test_a_volume_removed_while_the_network_runs_stops_it(open_panel, with_study, events, modality):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    panel.application.scene.RemoveNode(getattr(panel.session.inputs, modality))
    assert not panel.session.run.running
    assert panel.session.worker.pid is None
    assert panel.ui.messageLabel.text == f"The {modality.upper()} was removed; the run was stopped."
    assert panel.ui.segmentButton.text == "Segment lesion"
    assert not panel.ui.segmentButton.enabled


def test_another_node_that_goes_stops_no_run(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    other = panel.application.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    panel.application.scene.RemoveNode(other)
    assert panel.session.run.running


def test_without_a_run_a_removed_volume_is_asked_for(panel, with_study):
    with_study(panel)
    panel.application.scene.RemoveNode(panel.session.inputs.t2w)
    assert not panel.ui.segmentButton.enabled
    assert panel.ui.segmentButton.toolTip == "Choose T2W first."


def test_another_volume_does_not_take_the_place_of_a_removed_one(panel, with_study):
    """Slicer's selector goes on to the volume before the removed one."""
    with_study(panel)
    scene, hbv = panel.application.scene, panel.session.inputs.hbv
    scene.RemoveNode(hbv)
    assert panel.session.state.hbv is None
    assert panel.ui.hbvSelector.currentNode() is None
    assert panel.ui.hbvReason.text == ""
    assert panel.ui.segmentButton.toolTip == "Choose HBV first."


def test_falling_back_to_the_cpu_is_said(open_panel, with_study, events):
    panel = with_study(open_panel("fell back"))
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading is not None
    assert "computed on the CPU" in panel.ui.messageLabel.text


def test_closing_the_scene_stops_the_worker_and_empties_the_panel(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    panel.application.scene.Clear(0)
    assert panel.session.worker.pid is None
    assert panel.ui.segmentButton.text == "Segment lesion"
    assert panel.ui.messageLabel.text == "The scene was closed; the run was stopped."
    assert panel.ui.t2wSelector.currentNode() is None
    assert panel.ui.lesionTable.rowCount == 0


def test_reload_and_exit_leave_no_process_behind(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    folder = panel.session.worker.folder
    panel.cleanup()
    assert panel.session.worker.pid is None
    assert not folder.exists()


def test_another_python_ends_a_run_under_way(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    panel.session.python.choose("/somewhere/python")
    assert not panel.session.run.running
    assert panel.session.worker.pid is None
