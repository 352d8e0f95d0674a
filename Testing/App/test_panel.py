"""What a reader does in the panel, from an empty scene to a result."""

import time

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.results.report import RESEARCH_USE


def test_the_research_line_is_always_visible(panel):
    assert panel.ui.researchLabel.text == RESEARCH_USE


def test_without_volumes_the_button_says_what_is_missing(panel):
    assert not panel.ui.segmentButton.enabled
    assert panel.ui.segmentButton.toolTip == "Choose T2W, ADC, HBV first."


def test_every_disabled_button_says_why(panel):
    ui = panel.ui
    buttons = (
        "segmentButton layoutButton resetButton undoButton redoButton acceptButton rejectButton segButton srButton "
        "fileButton csvButton copyButton installButton wheelsButton removeButton"
    )
    for name in buttons.split():
        button = getattr(ui, name)
        assert not button.enabled, name
        assert button.toolTip.endswith("."), name


def test_an_opened_study_fills_the_inputs_and_says_why(panel, with_study):
    with_study(panel)
    for selector, reason in ((panel.ui.t2wSelector, panel.ui.t2wReason), (panel.ui.adcSelector, panel.ui.adcReason)):
        assert selector.currentNode() is not None
        assert reason.text
    assert panel.ui.segmentButton.enabled


def test_planes_of_a_folder_of_files_are_opened_beside_the_study(panel, with_study, study_folder):
    sagittal = sitk.Image(30, 40, 9, sitk.sitkFloat32)
    sagittal.SetSpacing((0.6, 0.7, 3.5))
    sagittal.SetDirection((0, 0, 1, 1, 0, 0, 0, -1, 0))
    sitk.WriteImage(sagittal, str(study_folder / "case_sag.mha"))
    with_study(panel)
    assert panel.session.state.t2w_sagittal.GetImageData().GetDimensions() == (30, 40, 9)
    assert panel.session.state.t2w_coronal is None


def test_a_folder_without_a_study_gives_one_sentence(panel, tmp_path):
    (tmp_path / "case_t2w.mha").write_bytes(b"no image")
    panel.application.answers["folder"] = tmp_path
    panel.ui.openButton.click()
    assert panel.ui.messageLabel.text.startswith("No ADC file")


def test_loaded_volumes_are_matched_and_stay_editable(panel, with_study):
    with_study(panel)
    state = panel.session.state
    for selector in (panel.ui.t2wSelector, panel.ui.adcSelector, panel.ui.hbvSelector):
        selector.choose(None)
    assert state.t2w is None
    panel.ui.matchButton.click()
    assert (state.t2w.GetName(), state.adc.GetName(), state.hbv.GetName()) == ("T2W", "ADC", "HBV")
    panel.ui.hbvSelector.choose(state.t2w)
    assert panel.ui.hbvReason.text == "Chosen by you."
    assert "three different volumes" in panel.ui.segmentButton.toolTip


def test_segmenting_makes_a_new_segmentation_and_leaves_the_users_own_alone(panel, with_study, events):
    with_study(panel)
    own = panel.application.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "mine")
    panel.ui.segmentButton.click()
    assert panel.ui.segmentButton.text == "Cancel"
    assert panel.ui.progressBar.visible or not panel.widget.visible
    events.until(lambda: not panel.session.run.running)
    reading = panel.session.reading
    assert reading.nodes.lesions is not own
    assert own.GetSegmentation().GetNumberOfSegments() == 0
    assert panel.ui.segmentButton.text == "Segment lesion"
    assert panel.ui.lesionTable.rowCount == len(reading.lesions) == 2


def test_progress_names_the_stage_and_the_seconds(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    events.until(lambda: panel.session.run.stage == "running the network")
    assert panel.ui.messageLabel.text.startswith("running the network · ")
    assert panel.ui.progressBar.value > 15


def test_the_interface_never_waits_for_the_worker(open_panel, with_study, events):
    panel = with_study(open_panel("slow"))
    panel.ui.segmentButton.click()
    gaps, last = [], time.perf_counter()
    while len(gaps) < 100:
        events.settle()
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()
        time.sleep(0.005)
    assert panel.session.run.running
    assert np.percentile(gaps, 95) < 0.1


def test_another_prompt_makes_the_result_semiautomatic(panel, with_study, events):
    with_study(panel)
    panel.ui.promptEdit.textEdited("lesion in the transition zone")
    panel.ui.segmentButton.click()
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading.algorithm_type == "SEMIAUTOMATIC"


def test_the_models_notice_is_shown(panel):
    assert panel.ui.messageLabel.text == "Trained on nothing."
    assert "CC0-1.0" in panel.ui.modelLabel.toolTip


def test_missing_packages_are_installed_at_the_first_click(panel, with_study, installer, events):
    with_study(panel)
    installer.lacking = ["onnxruntime"]
    panel.application.answers["confirm"] = False
    panel.ui.segmentButton.click()
    assert installer.calls == 0
    assert "click again" in panel.ui.messageLabel.text
    panel.application.answers["confirm"] = True
    panel.ui.segmentButton.click()
    assert installer.calls == 1
    events.until(lambda: not panel.session.run.running)
    assert panel.session.reading is not None


def test_a_failed_installation_is_told_and_nothing_is_started(panel, with_study, installer):
    with_study(panel)
    installer.lacking, installer.problem = ["onnxruntime"], "Free some space."
    panel.application.answers["confirm"] = True
    panel.ui.segmentButton.click()
    assert panel.ui.messageLabel.text == "Free some space."
    assert not panel.session.run.running


def test_ones_own_python_needs_no_installation_in_slicer(panel, with_study, installer, events):
    with_study(panel)
    installer.lacking = ["onnxruntime"]
    panel.ui.pythonEdit.text = "/somewhere/python"
    panel.ui.pythonEdit.editingFinished()
    assert panel.application.settings["python"] == "/somewhere/python"
    assert not panel.ui.installButton.enabled
    panel.ui.segmentButton.click()
    assert installer.calls == 0


def test_packages_come_from_a_folder_of_wheels_and_are_taken_away_again(panel, installer, tmp_path):
    assert panel.ui.removeButton.toolTip == "Nothing in Slicer's Python was installed by this program."
    installer.lacking = ["onnxruntime"]
    panel.refresh()
    panel.application.answers.update(confirm=True, folder=tmp_path)
    panel.ui.wheelsButton.click()
    assert installer.wheels == tmp_path
    assert not panel.ui.wheelsButton.enabled
    assert panel.ui.removeButton.enabled
    panel.ui.removeButton.click()
    assert panel.ui.installButton.enabled
    assert not panel.ui.removeButton.enabled


def test_the_test_button_tells_the_device_or_why_not(open_panel, events):
    panel = open_panel("well")
    panel.ui.testButton.click()
    events.until(lambda: not panel.session.device.pending)
    assert panel.ui.deviceLabel.text == "CPU: 2 threads, fp32, about 7 s"
    panel = open_panel("does not start")
    panel.ui.testButton.click()
    events.until(lambda: not panel.session.device.pending)
    assert "no such luck" in panel.ui.deviceLabel.text


def test_another_panel_takes_up_the_result_of_the_scene(segmented, open_panel):
    segmented.session.review.commit(0.5, 0.9)
    again = open_panel()
    assert again.ui.lesionTable.rowCount == segmented.ui.lesionTable.rowCount
    assert again.ui.tauSlider.value == pytest.approx(0.5)
    assert again.session.reading.run.model.name == "test model"


def test_an_emptied_prompt_stays_empty_and_is_asked_for(panel, with_study):
    with_study(panel)
    panel.ui.promptEdit.textEdited("")
    assert panel.ui.promptEdit.text == ""
    assert panel.ui.segmentButton.toolTip == "Type what to look for."
