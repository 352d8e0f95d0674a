"""Killed at any moment: the next run finds the old result or the new one, and no remains."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.storage.output import writing_folder
from ProstateAlignRefineLib.core.storage.signature import SIGNATURE_NAME, read_signature, state_of
from ProstateAlignRefineLib.core.storage.staging import JOURNAL, STAGING_NAME, finish_interrupted

OLD = {"a.txt": "old a", "gone/b.txt": "old b", "study/c.txt": "old c", "kept.txt": "kept"}
NEW = {"a.txt": "new a", "study/c.txt": "new c", "fresh/d.txt": "new d"}
NAMES = ("a.txt", "gone", "study", "fresh", "kept.txt")

# Writes NEW over what is there, and dies before the nth call that changes a file system.
DYING = f"""
NAMES, NEW = {NAMES!r}, {NEW!r}
import os, signal, sys
from pathlib import Path
from ProstateAlignRefineLib.core.storage.output import writing_folder
from ProstateAlignRefineLib.core.storage.signature import read_signature
out, left = Path(sys.argv[1]), [int(sys.argv[2])]
EVENTS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod")
def watch(event, arguments):
    if event in EVENTS or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
before = read_signature(out)
kept = dict([("kept.txt", before.files["kept.txt"])])
sys.addaudithook(watch)
with writing_folder(out, "test", NAMES, kept) as draft:
    for name, text in NEW.items():
        (draft.folder / name).parent.mkdir(exist_ok=True)
        (draft.folder / name).write_text(text)
"""


def write(folder: Path, files: dict[str, str]) -> None:
    with writing_folder(folder, "test", NAMES) as draft:
        for name, text in files.items():
            (draft.folder / name).parent.mkdir(exist_ok=True)
            (draft.folder / name).write_text(text)


def content(folder: Path) -> dict[str, str]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in sorted(files.items()) if name != SIGNATURE_NAME}


def die(out: Path, moment: int) -> bool:
    """Whether it died at that moment, rather than coming to its end."""
    done = subprocess.run([sys.executable, "-c", DYING, str(out), str(moment)], capture_output=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.fault(
    "the power or a kill -9 ends a run between two files", "the next run finds the old or the new result"
)
def test_killed_before_any_change_of_the_disk_the_old_or_the_new_result_is_there(tmp_path):
    new, seen = {**NEW, "kept.txt": "kept"}, []
    for moment in itertools.count(1):
        out = tmp_path / f"{moment}"
        write(out, OLD)
        (out / "note.txt").write_text("mine")
        died = die(out, moment)
        finish_interrupted(out)
        found = content(out)
        assert found.pop("note.txt") == "mine"
        assert found in (OLD, new), moment
        assert not (out / STAGING_NAME).exists()
        signature = read_signature(out)
        assert all(state_of(out, name) == digest for name, digest in signature.files.items())
        assert set(signature.files) == set(found)
        seen.append(found == new)
        if not died:
            break
    assert seen == sorted(seen), "what was new stays new"
    assert 10 < sum(not one for one in seen) < len(seen) - 5


@pytest.mark.parametrize("moment", range(3, 40, 5))
def test_the_next_run_itself_finishes_or_rolls_back(tmp_path, moment):
    write(tmp_path, OLD)
    die(tmp_path, moment)
    write(tmp_path, {"a.txt": "third"})
    assert content(tmp_path) == {"a.txt": "third"}
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", SIGNATURE_NAME}


def test_an_edit_after_the_kill_is_not_lost(tmp_path):
    for moment in itertools.count(15):
        out = tmp_path / f"{moment}"
        write(out, OLD)
        die(out, moment)
        if (out / STAGING_NAME / JOURNAL).exists() and (out / "study" / "c.txt").read_text() == "old c":
            break
    (out / "study" / "c.txt").write_text("corrected")
    for action in (finish_interrupted, lambda folder: write(folder, OLD)):
        with pytest.raises(InputError, match=r"'c\.txt' in the output folder was changed"):
            action(out)
    assert (out / "study" / "c.txt").read_text() == "corrected"
    (out / "study" / "c.txt").unlink()
    finish_interrupted(out)
    assert content(out) == {**NEW, "kept.txt": "kept"}


def test_killed_while_it_computes_nothing_is_left_after_the_next_run(tmp_path):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from ProstateAlignRefineLib.core.storage.output import writing_folder\n"
        "with writing_folder(Path(sys.argv[1]), 'test', ['a.txt']) as draft:\n"
        "    (draft.folder / 'a.txt').write_text('patient'); print('in', flush=True); time.sleep(60)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert running.stdout.readline() == b"in\n"
    running.kill()
    running.wait()
    assert (tmp_path / STAGING_NAME).is_dir()
    write(tmp_path, {"a.txt": "new"})
    assert content(tmp_path) == {"a.txt": "new"}


SCRATCH = (
    "import time; from ProstateAlignRefineLib.core.storage.scratch import make_scratch\n"
    "folder = make_scratch(); (folder / 'patient').touch(); print(folder, flush=True); time.sleep(60)\n"
)


def test_a_folder_that_another_process_is_about_to_lock_stays(tmp_path, monkeypatch):
    """Between the making of its lock and the locking; an hour later nobody is about to."""
    import tempfile

    from ProstateAlignRefineLib.core.storage.scratch import scratch_folder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    about_to = tmp_path / "ProstateAlignRefine-made"
    about_to.mkdir()
    (about_to / ".lock").touch()
    with scratch_folder():
        assert about_to.exists()
    os.utime(about_to, (time.time() - 7200,) * 2)
    with scratch_folder():
        assert not about_to.exists()


@pytest.mark.fault("a run is killed while patient data lie in a temporary folder", "the next run removes the folder")
def test_private_folders_of_dead_processes_go_and_others_stay(tmp_path, monkeypatch):
    import tempfile

    from ProstateAlignRefineLib.core.storage.scratch import scratch_folder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", SCRATCH], stdout=subprocess.PIPE, env=environment) for _ in range(2)
    ]
    dead, living = (Path(process.stdout.readline().decode().strip()) for process in both)
    (tmp_path / "ProstateAlignRefine-of-somebody").mkdir()
    (tmp_path / "ProstateAlignRefine-of-somebody" / "file").touch()
    both[0].kill()
    both[0].wait()
    assert (dead / "patient").exists()
    with scratch_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not dead.exists()
        assert (living / "patient").exists()
        assert (tmp_path / "ProstateAlignRefine-of-somebody" / "file").exists()
    assert not folder.exists()
    both[1].kill()
    both[1].wait()


def planted(folder: Path, journal: dict) -> Path:
    """A result with a staging folder as a killed run leaves it, from somebody else."""
    write(folder, OLD)
    staging = folder / STAGING_NAME
    (staging / "new").mkdir(parents=True)
    (staging / "lock").touch()
    (staging / "new" / "a.txt").write_text("evil")
    (staging.parent / STAGING_NAME / JOURNAL).write_text(json.dumps(journal))
    return folder


@pytest.mark.fault("a folder from elsewhere hides a journal that leads out of it", "nothing outside changes")
@pytest.mark.parametrize("absolute", [False, True])
def test_a_planted_journal_reaches_nothing_outside(tmp_path, absolute):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = f"{tmp_path}/" if absolute else "../"
    digest = hashlib.sha256(b"precious").hexdigest()
    evil = hashlib.sha256(b"evil").hexdigest()
    for journal in (
        {"files": {f"{out}evil": evil}, "earlier": {}, "folders": []},
        {"files": {}, "earlier": {f"{out}victim": digest}, "folders": []},
        {"files": {}, "earlier": {}, "folders": [f"{out}made"]},
    ):
        folder = planted(tmp_path / "result", journal)
        finish_interrupted(folder)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["result", "victim"]
        assert victim.read_text() == "precious"
        assert (folder / "a.txt").read_text() == "old a"
        assert not (folder / STAGING_NAME).exists()


def test_what_is_put_in_place_is_what_the_journal_says(tmp_path):
    journal = {"files": {"a.txt": "0" * 64}, "earlier": {}, "folders": []}
    folder = planted(tmp_path / "result", journal)
    finish_interrupted(folder)
    assert (folder / "a.txt").read_text() == "old a"


@pytest.mark.fault("a folder from elsewhere holds a link where a result has a folder", "it is named; nothing is made")
def test_a_planted_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    journal = {"files": {}, "earlier": {}, "folders": ["link/made"]}
    folder = planted(tmp_path / "result", journal)
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="made"):
        finish_interrupted(folder)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("journal", [{"files": {}, "earlier": {}, "folders": [5]}, [1], {"files": 1}, {}])
def test_a_damaged_journal_counts_as_remains(tmp_path, journal):
    folder = planted(tmp_path / "result", journal)
    finish_interrupted(folder)
    assert not (folder / STAGING_NAME).exists()
    assert (folder / "a.txt").read_text() == "old a"
