"""The script that sets a checkout up: what it makes, what it runs, and that it does so once."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROGRAM = "import sys; print('ran', sys.prefix, *sys.argv[1:]); sys.exit(3 if 'fail' in open('mode').read() else 0)"


@pytest.fixture
def checkout(repository, tmp_path) -> Path:
    """A checkout whose package only says how it was called, set up but for the note that says so."""
    folder = tmp_path / "check out"
    folder.mkdir()
    shutil.copy(repository / "develop.py", folder)
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / "ProstateAlignRefineLib").mkdir()
    (folder / "ProstateAlignRefineLib" / "__init__.py").write_text("")
    (folder / "ProstateAlignRefineLib" / "__main__.py").write_text(PROGRAM)
    (folder / "mode").write_text("")
    venv.create(folder / ".venv", with_pip=False, symlinks=sys.platform != "win32")
    return folder


def ran(checkout: Path, *what: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "develop.py", *what], cwd=checkout, capture_output=True, text=True, check=False
    )


def note(checkout: Path) -> None:
    state = "import develop; print(develop.state())"
    told = subprocess.run([sys.executable, "-c", state], cwd=checkout, capture_output=True, text=True, check=True)
    (checkout / ".venv" / ".installed").write_text(told.stdout.strip())


def test_the_demo_runs_in_the_environment_and_says_where_the_command_lies(checkout):
    note(checkout)
    done = ran(checkout, "demo")
    assert done.returncode == 0, done.stderr
    assert f"ran {checkout / '.venv'} demo -o demo" in done.stdout
    assert "is on the PATH after" in done.stdout
    assert "activate" in done.stdout


def test_without_a_word_each_is_said_with_what_it_does(checkout):
    done = ran(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("demo", "test", "check", "lint", "setup"):
        assert f"python develop.py {word} " in done.stdout


def test_what_fails_ends_with_its_exit_code_and_no_traceback(checkout):
    note(checkout)
    (checkout / "mode").write_text("fail")
    done = ran(checkout, "demo")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_the_tests_say_how_long_they_take_and_at_their_end_what_took_long(checkout):
    ask = [sys.executable, "-c", "import develop; print(develop.how_long('test'), *develop.STEPS['test'][-1])"]
    first = subprocess.run(ask, cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert "takes about 12 minutes on two cores" in first
    assert "--durations=15" in first
    (checkout / ".venv" / ".seconds-test").write_text("1260")
    again = subprocess.run(ask, cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert "'test' took 21 minutes here, the last time." in again


WITHOUT_ENSUREPIP = """
import subprocess, sys, venv, develop
def fails(self, context, *arguments, **_options):
    raise subprocess.CalledProcessError(1, "ensurepip", b"No module named ensurepip")
venv.EnvBuilder._call_new_python = fails
sys.exit(develop.main(["demo"]))
"""


def test_a_python_that_cannot_make_environments_is_said_and_nothing_half_made_is_left(checkout):
    """As Debian's without python3-venv."""
    shutil.rmtree(checkout / ".venv")
    command = [sys.executable, "-c", WITHOUT_ENSUREPIP]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()


def test_it_installs_where_that_was_not_done_or_the_project_changed(checkout):
    """The environment has no pip here, so trying to install shows."""
    assert "No module named pip" in ran(checkout, "demo").stderr
    note(checkout)
    assert "pip" not in ran(checkout, "demo").stderr
    assert "No module named pip" in ran(checkout, "test").stderr  # the tests need more
    (checkout / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    assert "No module named pip" in ran(checkout, "demo").stderr
