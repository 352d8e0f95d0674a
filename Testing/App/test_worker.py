"""The worker's life: over real pipes and real processes, with a fake worker that speaks the real protocol."""

import os
import stat
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import SimpleITK as sitk

from host.worker_stand import Listener, fake_launch, run_to_end, run_until
from ProstateAlignRefineLib.app.launch import Launch, launch_with
from ProstateAlignRefineLib.app.processes import _kill_group
from ProstateAlignRefineLib.app.worker import Worker
from ProstateAlignRefineLib.core.exchange import read_exchange
from ProstateAlignRefineLib.core.protocol import (
    INTERNAL,
    MEMORY,
    Describe,
    Described,
    Failed,
    Finished,
    Hello,
    Progress,
    Segment,
    decode,
)


@pytest.fixture
def start():
    """A worker with a behaviour, and its listener; stopped at the end."""
    workers = []

    def make(behaviour):
        worker = Worker(fake_launch(behaviour))
        workers.append(worker)
        return worker, Listener(worker)

    yield make
    for worker in workers:
        worker.stop()


def request_for(worker):
    study, output = worker.folder / "study", worker.folder / "maps"
    for folder in (study, output):
        folder.mkdir(exist_ok=True)
    z, y, x = np.indices((8, 40, 40))
    image = sitk.GetImageFromArray((1000 + 10 * x + y + z).astype(np.int16))
    image.SetSpacing((2.0, 2.0, 3.0))
    for name in ("t2w", "adc", "hbv"):
        sitk.WriteImage(image, str(study / f"study_{name}.mha"))
    return Segment(worker.next_request(), str(study), "", "prostate lesion", str(output))


def gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_segmentation_reports_progress_and_brings_maps(start):
    worker, listener = start("well")
    request = request_for(worker)
    worker.request(request)
    run_to_end(worker)
    assert [event.stage for event in listener.of(Progress)] == ["read", "network"]
    assert isinstance(listener.last, Finished)
    assert read_exchange(worker.folder / "maps").grid.size == (40, 40, 8)


def test_the_second_click_finds_the_worker_warm(start):
    worker, listener = start("well")
    worker.request(request_for(worker))
    run_to_end(worker)
    first = worker.pid
    worker.request(request_for(worker))
    run_to_end(worker)
    assert worker.pid == first
    assert len(listener.of(Finished)) == 2


def test_a_request_never_waits_for_the_process(start):
    worker, _ = start("slow")
    request = request_for(worker)
    started = time.perf_counter()
    worker.request(request)
    for _ in range(20):
        worker.poll()
    assert time.perf_counter() - started < 0.5
    assert worker.busy


@pytest.mark.fault("Cancel while computing", "that it was cancelled; no process stays")
def test_cancel_kills_the_process_tree(start):
    worker, listener = start("slow")
    request = request_for(worker)
    worker.request(request)
    note = worker.folder / "maps" / "child.pid"
    run_until(worker, lambda: any(event.stage == "network" for event in listener.of(Progress)))
    pids = [worker.pid, int(note.read_text())]
    started = time.perf_counter()
    worker.cancel()
    took = time.perf_counter() - started
    assert listener.last == "cancelled"
    assert not worker.busy
    while not all(map(gone, pids)):
        assert time.perf_counter() - started < 1.0
        time.sleep(0.005)
    assert took < 1.0


def test_the_tree_can_be_killed_without_psutil(start):
    worker, listener = start("slow")
    worker.request(request_for(worker))
    run_until(worker, lambda: len(listener.of(Progress)) == 2)
    child = int((worker.folder / "maps" / "child.pid").read_text())
    _kill_group(worker.pid)
    run_to_end(worker)
    assert gone(child)


def test_after_cancel_the_next_request_starts_a_fresh_worker(start):
    worker, listener = start("slow")
    worker.request(request_for(worker))
    first = worker.pid
    worker.cancel()
    worker.request(Describe(worker.next_request(), ""))
    run_to_end(worker)
    assert isinstance(listener.last, Described)
    assert worker.pid != first


def test_the_private_folder_is_the_users_own_and_goes_with_the_worker(start):
    worker, _ = start("well")
    worker.request(request_for(worker))
    run_to_end(worker)
    folder = worker.folder
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    worker.stop()
    assert not folder.exists()


@pytest.mark.fault("the computing process crashes", "that it ended, and its last words")
def test_a_crash_is_told_with_the_workers_last_words(start):
    worker, listener = start("crash")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert isinstance(listener.last, Failed)
    assert listener.last.reason == INTERNAL
    assert "exit code 3" in listener.last.message
    assert "ValueError: boom" in listener.last.message


@pytest.mark.fault("the system kills the computing process", "that memory ran out")
def test_a_worker_killed_by_the_system_is_told_as_lack_of_memory(start):
    worker, listener = start("killed")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert listener.last.reason == MEMORY


@pytest.mark.fault("too little memory while computing", "that it did not suffice; the next click works")
def test_out_of_memory_leaves_the_worker_up(start):
    worker, listener = start("out of memory")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert listener.last.reason == MEMORY
    assert worker.pid is not None
    worker.request(Describe(worker.next_request(), ""))
    run_to_end(worker)
    assert isinstance(listener.last, Described)


def test_a_message_that_comes_in_pieces_is_put_together(start):
    worker, listener = start("pieces")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert isinstance(listener.last, Finished)


@pytest.mark.fault("a Python that says something else", "to choose another Python")
def test_output_that_is_no_message_ends_the_worker(start):
    worker, listener = start("garbage")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert listener.last.reason == INTERNAL
    assert worker.pid is None


@pytest.mark.fault("a Python with another version of the program", "to update one of them")
def test_a_worker_of_another_version_is_refused(start):
    worker, listener = start("other version")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert "another version" in listener.last.message


def test_a_worker_that_does_not_start_is_told(start):
    worker, listener = start("does not start")
    worker.request(request_for(worker))
    run_to_end(worker)
    assert "no such luck" in listener.last.message


@pytest.mark.fault("a Python that is not there", "that it could not be started")
def test_a_python_that_is_not_there_is_told():
    worker = Worker(lambda: Launch("/no/such/python", {}))
    listener = Listener(worker)
    worker.request(Describe(worker.next_request(), ""))
    assert "could not be started" in listener.last.message
    worker.stop()


@pytest.mark.fault("the computing process is killed between two clicks", "nothing; the next click works")
def test_a_worker_that_died_between_clicks_is_replaced(start):
    worker, listener = start("well")
    worker.request(Describe(worker.next_request(), ""))
    run_to_end(worker)
    first = psutil.Process(worker.pid)
    first.kill()
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    worker.request(request_for(worker))
    run_to_end(worker)
    assert isinstance(listener.last, Finished)
    assert worker.pid != first.pid


def test_a_busy_worker_refuses_a_second_request(start):
    worker, _ = start("slow")
    worker.request(request_for(worker))
    with pytest.raises(ValueError, match="busy"):
        worker.request(request_for(worker))


def test_the_real_workers_program_greets_without_torch(tmp_path):
    """The library is loaded from its own folder, wherever the process starts, and nothing heavy before the greeting."""
    folder = tmp_path / "private"
    folder.mkdir()
    launch = launch_with(sys.executable, dict(os.environ))
    worker = subprocess.run(
        launch.command(folder), input=b"", capture_output=True, cwd=folder, env=launch.environment, check=True
    )
    hello = decode(worker.stdout.strip())
    assert isinstance(hello, Hello)
    assert not folder.exists()


def test_ones_own_python_gets_the_environment_without_slicers_paths(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/opt/Slicer")
    assert launch_with("/usr/bin/python3", {"PATH": "/usr/bin"}) == Launch("/usr/bin/python3", {"PATH": "/usr/bin"})
    assert launch_with("", {}).environment["PYTHONHOME"] == "/opt/Slicer"
