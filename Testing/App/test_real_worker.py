"""The real worker: torch in a child process, from the panel's request to maps, and the whole way to a DICOM file."""

import os
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from host.worker_stand import Listener, run_to_end
from ProstateAlignRefineLib.app.launch import launch_with
from ProstateAlignRefineLib.app.worker import Worker
from ProstateAlignRefineLib.bundle.starter import find_starter
from ProstateAlignRefineLib.core.exchange import read_exchange
from ProstateAlignRefineLib.core.protocol import INPUT, Describe, Described, Failed, Finished, Progress, Segment

pytest.importorskip("torch", reason="torch is not installed")

PATIENCE = 120.0


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from host.random_bundle import write_random_bundle

    return write_random_bundle(tmp_path_factory.mktemp("models") / "random")


@pytest.fixture(scope="module")
def worker():
    worker = Worker(lambda: launch_with(sys.executable, dict(os.environ)))
    yield worker
    worker.stop()


@pytest.fixture
def listener(worker):
    return Listener(worker)


def segment_request(worker, study_folder, model):
    output = worker.folder / "maps"
    output.mkdir(exist_ok=True)
    return Segment(worker.next_request(), str(study_folder), str(model), "prostate lesion", str(output), "cpu")


@pytest.mark.slow
def test_maps_from_the_worker_are_those_of_the_library(worker, listener, study_folder, model):
    from ProstateAlignRefineLib.core.maps import laid_maps
    from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
    from ProstateAlignRefineLib.inference.device import choose_compute
    from ProstateAlignRefineLib.inference.segment import segment_study
    from ProstateAlignRefineLib.network.bundle import load_bundle

    worker.request(segment_request(worker, study_folder, model))
    run_to_end(worker, PATIENCE)
    assert isinstance(listener.last, Finished), listener.last
    stages = [event.stage for event in listener.of(Progress)]
    assert stages.index("read") < stages.index("load") < stages.index("network") < stages.index("write")
    study = read_study_files(find_study_files(study_folder))
    told = segment_study(study, load_bundle(model), choose_compute("cpu"), lambda *_: None).maps
    here = laid_maps(told, study.stored)  # as the scene holds the T2W
    there = read_exchange(worker.folder / "maps")
    assert there.grid.matches(here.grid)
    for name in ("base_margin", "refined_margin", "confidence", "similarity"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), atol=1e-4)


@pytest.mark.slow
def test_the_second_segmentation_starts_no_new_python(worker, listener, study_folder, model):
    worker.request(segment_request(worker, study_folder, model))
    run_to_end(worker, PATIENCE)
    pid, started = worker.pid, time.perf_counter()
    worker.request(segment_request(worker, study_folder, model))
    run_to_end(worker, PATIENCE)
    assert worker.pid == pid
    assert time.perf_counter() - started < 5.0


@pytest.mark.slow
def test_the_shipped_model_answers_again_and_another_prompt(worker, listener, study_folder):
    starter = find_starter()
    for prompt in ("prostate lesion", "prostate lesion", "left apex"):
        worker.request(replace(segment_request(worker, study_folder, starter), prompt=prompt))
        run_to_end(worker, PATIENCE)
        assert isinstance(listener.last, Finished), listener.last


@pytest.mark.fault("a prompt with an unknown word, in the panel", "the word, and what is known; the worker stays")
@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["xqzt lesion", "left PZ\nxqzt"])
def test_a_word_that_the_shipped_model_does_not_know_comes_back_by_name(worker, listener, study_folder, prompt):
    worker.request(replace(segment_request(worker, study_folder, find_starter()), prompt=prompt))
    run_to_end(worker, PATIENCE)
    assert isinstance(listener.last, Failed)
    assert listener.last.reason == INPUT
    assert "'xqzt'" in listener.last.message
    assert "it knows lesion, left" in listener.last.message
    assert worker.pid is not None


@pytest.mark.slow
def test_the_device_is_described_with_the_time_that_a_run_took(worker, listener, study_folder, model):
    worker.request(segment_request(worker, study_folder, model))
    run_to_end(worker, PATIENCE)
    worker.request(Describe(worker.next_request(), str(model), "cpu"))
    run_to_end(worker, PATIENCE)
    assert isinstance(listener.last, Described)
    assert listener.last.device.startswith("CPU")
    assert listener.last.expected_seconds > 0
    assert "torch" in listener.last.versions


@pytest.mark.fault("a study that cannot be used, in the panel", "one sentence")
@pytest.mark.slow
def test_a_users_error_comes_back_as_one_sentence_and_the_worker_stays(worker, listener, study_folder, tmp_path):
    worker.request(segment_request(worker, study_folder, tmp_path / "no model"))
    run_to_end(worker, PATIENCE)
    assert isinstance(listener.last, Failed)
    assert listener.last.reason == INPUT
    assert "does not exist" in listener.last.message
    assert worker.pid is not None


@pytest.mark.slow
def test_a_real_study_from_dicom_to_a_dicom_segmentation(real_study, model, application, installer, events):
    """The whole way: open the folder, segment with torch in a child process, export, read back."""
    from ProstateAlignRefineLib.app.panel import Panel

    panel = Panel(application, Worker(lambda: launch_with(sys.executable, dict(os.environ))), installer)
    try:
        panel.session.choose_bundle(model)
        application.answers["folder"] = real_study / "dicom"
        panel.ui.openButton.click()
        assert panel.ui.segmentButton.enabled, panel.session.message
        panel.ui.segmentButton.click()
        events.until(lambda: not panel.session.run.running, PATIENCE)
        reading = panel.session.reading
        assert reading is not None, panel.session.message
        assert reading.lesions
        application.answers["new file"] = application.data_folder() / "lesions.sr.dcm"
        panel.ui.srButton.click()
        assert panel.ui.exportLabel.text == "Written: lesions.sr.dcm"
        assert [path.name for path in application.inserted] == ["lesions.seg.dcm", "lesions.sr.dcm"]
    finally:
        panel.cleanup()
