"""Sets this checkout up and runs it, on Linux, macOS and Windows, with nothing but Python 3.10 or newer:

python develop.py demo     a virtual environment in .venv, then a synthetic study, segmented, beside its truth
python develop.py test     the same with what the tests need, then style, types and every test; at its end stand
                           the slowest tests, and what was skipped and why
python develop.py check    style, types and the quick tests, in a few minutes
python develop.py lint     style and types only
python develop.py setup    only sets up, with what the tests need
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
SOURCES = ("ProstateAlignRefine", "Testing", "docs/examples", "docs/links.py", "develop.py")
OLDEST = (3, 10)
FOR_TESTS = ".[test,slicer-host]"
LINT = (
    ("ruff", "check", *SOURCES),
    ("ruff", "format", "--check", *SOURCES),
    ("mypy",),
)
QUICK = ("Testing/Unit", "Testing/Results", "Testing/Mrml")
STEPS = {
    "demo": (("ProstateAlignRefineLib", "demo", "-o", "demo"),),
    "lint": LINT,
    "check": (*LINT, ("pytest", "-q", "-n", "2", "--dist", "loadfile", *QUICK)),
    "test": (*LINT, ("pytest", "-n", "2", "--dist", "loadfile", "--durations=15")),
    "setup": (),
}
USUALLY = {"check": "under 2 minutes", "test": "about 12 minutes"}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=tuple(STEPS), help="one of the words above")
    what = parser.parse_args(arguments).what
    if what is None:
        parser.print_help()
        return 0
    if sys.version_info < OLDEST:
        print("Python 3.10 or newer is needed; run this with one.", file=sys.stderr)
        return 2
    try:
        install("." if what == "demo" else FOR_TESTS)
        if what in USUALLY:
            print(how_long(what), flush=True)
        began = time.monotonic()
        for step in STEPS[what]:
            run("-m", *step)
        if what in USUALLY:
            (VENV / f".seconds-{what}").write_text(f"{time.monotonic() - began:.0f}")
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    if what == "demo":
        print(f"\nThe command is {SCRIPTS / 'prostate-align-refine'}; it is on the PATH after\n    {activation()}")
    return 0


def how_long(what: str) -> str:
    """Of the last time here, where there was one that went well."""
    kept = VENV / f".seconds-{what}"
    if kept.is_file():
        return f"'{what}' took {int(kept.read_text()) / 60:.0f} minutes here, the last time."
    return f"'{what}' takes {USUALLY[what]} on two cores that nothing else uses."


def install(wanted: str) -> None:
    """Into the virtual environment, which is made where it lacks; nothing where pyproject.toml is as it was."""
    stamps = [VENV / ".installed-test", *([VENV / ".installed"] if wanted == "." else [])]
    if PYTHON.exists() and any(stamp.is_file() and stamp.read_text() == state() for stamp in stamps):
        return
    if not PYTHON.exists():
        make_environment()
    run("-m", "pip", "install", "--upgrade", "pip")
    run("-m", "pip", "install", "--editable", wanted)
    stamps[-1].write_text(state())


def make_environment() -> None:
    """What cannot be finished is not left: the next time it would be taken for whole."""
    print(f"Making a virtual environment in {VENV}", flush=True)
    there = VENV.exists()
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError:
        if not there:
            shutil.rmtree(VENV)
        print(
            "This Python cannot make a virtual environment with pip. On Debian and Ubuntu install the package "
            "python3-venv; elsewhere use a Python of python.org or of your package manager.",
            file=sys.stderr,
        )
        raise


def run(*command: str) -> None:
    """With the environment's Python, in this folder."""
    subprocess.run([PYTHON, *command], cwd=HERE, check=True, env={**os.environ, "OMP_NUM_THREADS": threads(command)})


def threads(command: Sequence[str]) -> str:
    """One where several processes share the processors; else as many as the user's environment or the machine says."""
    return "1" if "pytest" in command else os.environ.get("OMP_NUM_THREADS", str(os.cpu_count() or 1))


def state() -> str:
    """What an installation depends on."""
    return hashlib.sha256((HERE / "pyproject.toml").read_bytes()).hexdigest()


def activation() -> str:
    if os.name == "nt":
        return rf"{SCRIPTS}\activate"
    return f"source {SCRIPTS / 'activate'}"


if __name__ == "__main__":
    sys.exit(main())
