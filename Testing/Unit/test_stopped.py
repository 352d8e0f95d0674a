"""Asked to end, at any moment: a command cleans up and says so in one sentence."""

import os
import signal
import subprocess
import sys
import time

import pytest

STOPPED = """
import sys, time
from pathlib import Path
from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.commands import inspect
from ProstateAlignRefineLib.core.storage.output import writing_folder
def run(arguments):
    with writing_folder(Path(sys.argv[1]), "test", ["a.txt"]) as draft:
        (draft.folder / "a.txt").write_text("half"); print("in", flush=True)
        try:
            time.sleep(60)
        except Exception:
            pass
inspect.run = run
sys.exit(cli.main(["inspect", "x"]))
"""


@pytest.mark.fault("Ctrl-C, or the system asks a command to end", "one sentence, and nothing half-written")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_asked_to_end_it_cleans_up_and_says_so(tmp_path, number, code):
    before = signal.signal(number, signal.SIG_DFL)  # what a shell starts in the background ignores Ctrl-C
    try:
        running = subprocess.Popen(
            [sys.executable, "-c", STOPPED, str(tmp_path / "a" / "out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(number, before)
    assert running.stdout.readline() == b"in\n"
    running.send_signal(number)
    _out, said = running.communicate(timeout=20)
    assert running.returncode == code
    assert said.decode().splitlines() == ["Stopped before the end; nothing half-written was kept."]
    assert list(tmp_path.iterdir()) == []


IMPORTING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
def watch(event, arguments):
    if event == "import" and arguments[0].startswith("numpy."):
        os.kill(os.getpid(), signal.SIGINT)
from ProstateAlignRefineLib import cli
sys.addaudithook(watch)
sys.exit(cli.main(["segment", "x", "-o", "y"]))
"""


def test_asked_to_end_before_it_has_begun_it_says_so_too():
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines() == ["Stopped before the end; nothing half-written was kept."]


def test_a_request_to_stop_waits_until_the_result_is_in_place(tmp_path):
    from ProstateAlignRefineLib.core.signals import Stopped, deferred, stoppable

    came = []

    def run():
        with stoppable(), deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
            came.append("the end")

    with pytest.raises(Stopped) as stopped:
        run()
    assert came == ["the end"]
    assert stopped.value.exit_code == 143
