"""The story of one reading, step by step, over the panel's own buttons: told inside Slicer and on the test host."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

try:
    from . import story_panel, story_runs, story_scenes
    from .story_first_look import STEPS as FIRST_LOOK
    from .story_report import STEPS as REPORT_STEPS
    from .story_studies import STEPS as STUDY_STEPS
    from .story_views import STEPS as VIEW_STEPS
except ImportError:  # inside Slicer these files are no package
    import story_panel
    import story_runs
    import story_scenes
    from story_first_look import STEPS as FIRST_LOOK
    from story_report import STEPS as REPORT_STEPS
    from story_studies import STEPS as STUDY_STEPS
    from story_views import STEPS as VIEW_STEPS

TICKS = 60
TICK_MS = 16.0


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


def a_slider_tick_is_fast(stage):
    reading, times = stage.session.reading, []
    for alpha in np.linspace(0, 1, TICKS):
        started = time.perf_counter()
        reading.preview(reading.setting.tau, float(alpha))
        times.append((time.perf_counter() - started) * 1000)
    stage.session.review.commit(reading.setting.tau, 1.0)
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
    table = (stage.output / "lesions.csv").read_text(encoding="utf-8")
    for found in stage.session.reading.lesions:
        assert stage.session.reading.slice_names.text(*found.lesion.slices) in table


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


def the_other_form_of_dicom_segmentations_is_written_where_it_is_chosen(stage):
    ui = stage.ui
    if not ui.segButton.enabled:
        return
    for index, form in ((1, b"LABELMAP"), (0, b"BINARY")):
        ui.segTypeBox.currentIndex = index
        file = stage.application.answers["new file"] = stage.output / f"form {index}.seg.dcm"
        ui.segButton.click()
        assert file.is_file(), ui.exportLabel.text
        assert form in file.read_bytes()


def nothing_stays_behind(stage):
    pid = stage.session.worker.pid
    stage.panel.cleanup()
    assert stage.session.worker.pid is None
    stage.notes["worker"] = f"process {pid} ended"


STEPS = (
    the_panel_says_research_use_and_what_is_missing,
    the_synthetic_study_is_offered_as_sample_data,
    story_runs.a_study_opens_from_its_folder_with_reasons,
    *story_panel.AFTER_OPENING,
    story_runs.loaded_volumes_are_matched_as_they_were_opened,
    story_runs.the_python_is_tested_and_names_its_device,
    story_runs.cancel_ends_the_run_within_a_second,
    story_runs.a_click_too_late_to_cancel_starts_nothing,
    story_runs.removing_the_t2w_stops_the_run_at_once_and_says_so,
    story_runs.segmenting_brings_a_new_segmentation_and_the_reading_layout,
    *story_panel.AFTER_A_RUN,
    *FIRST_LOOK,
    story_runs.the_second_click_finds_the_worker_warm,
    story_runs.one_result_is_drawn_and_the_earlier_one_is_a_click_away,
    story_runs.the_ai_results_off_leave_nothing_drawn,
    *story_panel.AFTER_A_SECOND_RUN,
    a_slider_tick_is_fast,
    the_gate_moves_and_undo_and_redo_follow,
    lesions_are_reviewed_in_the_table,
    *story_panel.AFTER_REVIEW,
    *VIEW_STEPS,
    *REPORT_STEPS,
    files_are_exported,
    dicom_is_exported_or_the_button_says_why_not,
    the_other_form_of_dicom_segmentations_is_written_where_it_is_chosen,
    *story_scenes.OPENED_AGAIN,
    *STUDY_STEPS,
    *story_scenes.CLOSED,
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
