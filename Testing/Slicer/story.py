"""The story of one reading, step by step, over the panel's own buttons: told inside Slicer and on the test host."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

try:
    from . import story_panel
    from .story_report import STEPS as REPORT_STEPS
    from .story_studies import STEPS as STUDY_STEPS
except ImportError:  # inside Slicer these files are no package
    import story_panel
    from story_report import STEPS as REPORT_STEPS
    from story_studies import STEPS as STUDY_STEPS

TICKS = 60
TICK_MS = 16.0
CANCEL_SECONDS = 1.0


@dataclass
class Stage:
    """`wait(condition, seconds)` runs the event loop until the condition holds; `application` answers dialogs."""

    panel: Any
    application: Any
    wait: Callable[[Callable[[], bool], float], None]
    study: Path
    output: Path
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def ui(self) -> Any:
        return self.panel.ui

    @property
    def session(self) -> Any:
        return self.panel.session


def the_panel_says_research_use_and_what_is_missing(stage):
    assert "research use only" in stage.ui.researchLabel.text
    assert not stage.ui.segmentButton.enabled
    assert "Choose" in stage.ui.segmentButton.toolTip


def the_synthetic_study_is_offered_as_sample_data(stage):
    import SampleData

    sources = SampleData.SampleDataLogic.sampleDataSourcesByCategory("Prostate")
    assert [source.sampleName for source in sources] == ["Synthetic prostate bp-MRI"]


def a_study_opens_from_its_folder_with_reasons(stage):
    stage.application.answers["folder"] = stage.study
    stage.ui.openButton.click()
    assert stage.session.inputs is not None, stage.session.message
    assert all((stage.ui.t2wReason.text, stage.ui.adcReason.text, stage.ui.hbvReason.text))


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
    for node in (inputs.adc, inputs.hbv):
        stage.application.scene.RemoveNode(node)
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
    stage.session.commit(tau / 2, alpha)
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
    assert drawn(stage) == own(newest)
    rows.currentRow = 1
    earlier = stage.session.reading
    assert earlier.nodes.lesions is not newest.nodes.lesions
    assert drawn(stage) == own(earlier)
    assert stage.ui.lesionTable.rowCount == len(earlier.lesions)
    rows.currentRow = 0
    assert stage.session.reading.nodes.lesions is newest.nodes.lesions
    assert drawn(stage) == own(newest)


def drawn(stage):
    """Segmentations that a view draws."""
    scene, kind = stage.application.scene, "vtkMRMLSegmentationNode"
    nodes = [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]
    return {node.GetID() for node in nodes if node.GetDisplayNode().GetVisibility()}


def own(reading):
    nodes = (reading.nodes.lesions, reading.nodes.review, reading.nodes.gland)
    return {node.GetID() for node in nodes if node is not None}


def a_slider_tick_is_fast(stage):
    reading, times = stage.session.reading, []
    for alpha in np.linspace(0, 1, TICKS):
        started = time.perf_counter()
        reading.preview(reading.setting.tau, float(alpha))
        times.append((time.perf_counter() - started) * 1000)
    stage.session.commit(reading.setting.tau, 1.0)
    tick = float(np.percentile(times, 95))
    stage.notes["slider tick, p95"] = f"{tick:.1f} ms"
    assert tick < TICK_MS


def the_gate_moves_and_undo_and_redo_follow(stage):
    ui, reading = stage.ui, stage.session.reading
    ui.resetButton.click()
    before = reading.setting.alpha
    ui.alphaSlider.value = 1.0
    assert reading.setting.alpha == 1.0
    assert reading.algorithm_type == "SEMIAUTOMATIC"
    ui.undoButton.click()
    assert reading.setting.alpha == before
    ui.redoButton.click()
    assert reading.setting.alpha == 1.0
    ui.undoButton.click()


def lesions_are_reviewed_in_the_table(stage):
    reading, ui = stage.session.reading, stage.ui
    assert ui.lesionTable.rowCount == len(reading.lesions)
    if not reading.lesions:
        assert "No lesion found" in ui.lesionSummary.text
        return
    ui.lesionTable.selectRow(0)
    ui.rejectButton.click()
    assert not (reading.labels() == 1).any()
    ui.rejectButton.click()
    ui.acceptButton.click()
    assert (reading.labels() == 1).any()
    stage.session.jump(1)


def another_series_stays_out_of_the_reading_views(stage):
    from ProstateAlignRefineLib.scene.layout import TAGS
    from ProstateAlignRefineLib.scene.views import composite_node

    scene, inputs = stage.application.scene, stage.session.reading.inputs
    other = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "another series")
    other.SetAndObserveImageData(inputs.adc.GetImageData())
    stage.application.show_volume(other)
    views = [composite_node(scene, tag) for tag in TAGS.values()]
    assert [view.GetBackgroundVolumeID() for view in views] == [node.GetID() for node in inputs]
    assert [titles(stage)[tag] for tag in TAGS.values()] == ["T2W", "ADC", "HBV"]
    views[0].SetBackgroundVolumeID(other.GetID())
    assert titles(stage)[TAGS["t2w"]] == "another series"
    views[0].SetBackgroundVolumeID(inputs.t2w.GetID())
    scene.RemoveNode(other)


def the_heatmap_is_on_in_its_own_view_which_is_called_by_it(stage):
    from ProstateAlignRefineLib.scene.layout import HEATMAP_TAG

    assert stage.ui.heatmapCheck.checked
    assert titles(stage)[HEATMAP_TAG] == "Similarity on T2W"
    stage.ui.heatmapCheck.checked = False
    stage.wait(lambda: titles(stage)[HEATMAP_TAG] == "T2W", 5)
    stage.ui.heatmapCheck.checked = True
    stage.wait(lambda: titles(stage)[HEATMAP_TAG] == "Similarity on T2W", 5)


def titles(stage):
    from ProstateAlignRefineLib.scene.layout import LABELS
    from ProstateAlignRefineLib.scene.views import slice_node

    return {tag: slice_node(stage.application.scene, tag).GetLayoutLabel() for tag in LABELS}


def a_lesions_slices_are_called_the_same_everywhere(stage):
    reading = stage.session.reading
    for row, found in enumerate(reading.lesions):
        slices = found.lesion.slices
        assert stage.ui.lesionTable.item(row, 6).text() == reading.slice_names.short(*slices)
    stage.ui.copyButton.click()
    for found in reading.lesions:
        if found.kept:
            assert f"slices {reading.slice_names.text(*found.lesion.slices)};" in stage.application.clipboard
    stage.notes["slices"] = ", ".join(reading.slice_names.text(*found.lesion.slices) for found in reading.lesions)


def the_views_have_axes_a_ruler_and_the_overviews_grey_ranges(stage):
    from ProstateAlignRefineLib.core.study import Modality
    from ProstateAlignRefineLib.scene.layout import LABELS
    from ProstateAlignRefineLib.scene.views import slice_node
    from ProstateAlignRefineLib.scene.windows import window_for, window_of

    views = [slice_node(stage.application.scene, tag) for tag in LABELS]
    assert all(view.GetOrientationMarkerType() == view.OrientationMarkerTypeAxes for view in views)
    assert all(view.GetRulerType() == view.RulerTypeThin for view in views)
    for modality, volume in zip(Modality, stage.session.reading.inputs, strict=True):
        assert np.allclose(window_of(volume), window_for(volume, modality), rtol=1e-3)


def overlays_come_and_go(stage):
    ui, nodes = stage.ui, stage.session.reading.nodes
    ui.heatmapCheck.checked = True
    ui.editsCheck.checked = True
    ui.outlineCheck.checked = False
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility2DFill()), 5)
    ui.outlineCheck.checked = True
    ui.aiCheck.checked = False
    stage.wait(lambda: not nodes.lesions.GetDisplayNode().GetVisibility(), 5)
    ui.aiCheck.checked = True
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility()), 5)
    ui.surfaceCheck.checked = True
    stage.wait(lambda: bool(nodes.lesions.GetDisplayNode().GetVisibility3D()), 5)
    ui.surfaceCheck.checked = False
    stage.wait(lambda: not nodes.lesions.GetDisplayNode().GetVisibility3D(), 5)


def files_are_exported(stage):
    ui = stage.ui
    for button, name in (
        (ui.fileButton, "lesions.nii.gz"),
        (ui.fileButton, "lesions.seg.nrrd"),
        (ui.csvButton, "lesions.csv"),
    ):
        stage.application.answers["new file"] = stage.output / name
        button.click()
        assert (stage.output / name).is_file(), ui.exportLabel.text
    ui.copyButton.click()
    assert "research use only" in stage.application.clipboard


def dicom_is_exported_or_the_button_says_why_not(stage):
    ui = stage.ui
    if not ui.srButton.enabled:
        assert ui.srButton.toolTip.endswith(".")
        stage.notes["DICOM export"] = ui.srButton.toolTip
        return
    stage.application.answers["new file"] = stage.output / "lesions.sr.dcm"
    ui.srButton.click()
    for name in ("lesions.seg.dcm", "lesions.sr.dcm"):
        assert (stage.output / name).is_file(), ui.exportLabel.text
    stage.notes["DICOM export"] = "segmentation and structured report written and read back"


def a_scene_opened_again_has_its_result_and_still_exports(stage):
    session, exported = stage.session, stage.ui.srButton.enabled
    lesions = [(found.uid, found.decision) for found in session.reading.lesions]
    scene, folder = stage.application.scene, stage.output / "scene"
    folder.mkdir()
    assert scene.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    scene.Clear(0)
    (file,) = folder.glob("*.mrml")
    scene.SetURL(str(file))
    assert scene.Connect()
    assert [(found.uid, found.decision) for found in session.reading.lesions] == lesions
    assert stage.ui.srButton.enabled == exported, stage.ui.srButton.toolTip
    if exported:
        stage.application.answers["new file"] = stage.output / "again.sr.dcm"
        stage.ui.srButton.click()
        assert (stage.output / "again.seg.dcm").is_file(), stage.ui.exportLabel.text


def closing_the_scene_empties_the_panel(stage):
    stage.application.scene.Clear(0)
    assert stage.session.reading is None
    assert stage.ui.lesionTable.rowCount == 0
    assert not stage.ui.segmentButton.enabled


def nothing_stays_behind(stage):
    pid = stage.session.worker.pid
    stage.panel.cleanup()
    assert stage.session.worker.pid is None
    stage.notes["worker"] = f"process {pid} ended"


STEPS = (
    the_panel_says_research_use_and_what_is_missing,
    the_synthetic_study_is_offered_as_sample_data,
    a_study_opens_from_its_folder_with_reasons,
    *story_panel.AFTER_OPENING,
    loaded_volumes_are_matched_as_they_were_opened,
    the_python_is_tested_and_names_its_device,
    cancel_ends_the_run_within_a_second,
    a_click_too_late_to_cancel_starts_nothing,
    removing_the_t2w_stops_the_run_at_once_and_says_so,
    segmenting_brings_a_new_segmentation_and_the_reading_layout,
    *story_panel.AFTER_A_RUN,
    the_second_click_finds_the_worker_warm,
    one_result_is_drawn_and_the_earlier_one_is_a_click_away,
    *story_panel.AFTER_A_SECOND_RUN,
    a_slider_tick_is_fast,
    the_gate_moves_and_undo_and_redo_follow,
    lesions_are_reviewed_in_the_table,
    *story_panel.AFTER_REVIEW,
    another_series_stays_out_of_the_reading_views,
    the_heatmap_is_on_in_its_own_view_which_is_called_by_it,
    a_lesions_slices_are_called_the_same_everywhere,
    the_views_have_axes_a_ruler_and_the_overviews_grey_ranges,
    overlays_come_and_go,
    *REPORT_STEPS,
    files_are_exported,
    dicom_is_exported_or_the_button_says_why_not,
    a_scene_opened_again_has_its_result_and_still_exports,
    *STUDY_STEPS,
    closing_the_scene_empties_the_panel,
    nothing_stays_behind,
)


def title(step: Callable[[Stage], None]) -> str:
    return step.__name__.replace("_", " ")


def tell(stage: Stage, say: Callable[[str], None], after: Callable[[str], None]) -> int:
    """Runs every step, goes on after a failed one, and returns how many failed. `after` may take a picture."""
    failed = 0
    for number, step in enumerate(STEPS, start=1):
        try:
            step(stage)
            say(f"ok      {title(step)}")
        except Exception as error:
            failed += 1
            say(f"FAILED  {title(step)}: {type(error).__name__}: {error}")
        after(f"{number:02d}-{step.__name__}")
    for name, text in stage.notes.items():
        say(f"        {name}: {text}")
    say(f"{len(STEPS) - failed} of {len(STEPS)} steps passed")
    return failed
