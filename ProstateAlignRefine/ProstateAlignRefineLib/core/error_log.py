"""The log file that a user asks for, to be sent with a report: what ran where, and how it ended. No patient data."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from .errors import InputError
from .faults import scrubbed_traceback
from .plain_text import plain_text

FIRST_LINE = "Log of ProstateAlignRefine: places in programs only, no values, paths or names of patients."
PACKAGES = ("numpy", "SimpleITK", "pydicom", "highdicom", "torch", "monai")


class ErrorLog:
    """Text added to a file of ours, or to a new one."""

    def __init__(self, path: Path) -> None:
        """InputError where another file lies there; nothing of others is ever changed."""
        self._path = path
        if path.exists() or path.is_symlink():
            _require_ours(path)
            self._add("")
        else:
            self._add(FIRST_LINE)

    def begin(self, version: str, command: Sequence[str]) -> None:
        """`command`: its name and the names of the options given, no values."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._add(f"{now} version {version}: {' '.join(command)}")
        self._add(f"Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}")
        self._add(f"{', '.join(map(_version, PACKAGES))}; standard output in {plain_text(str(_encoding()), 40)}")

    def failed(self, error: BaseException) -> None:
        """The places where the error and its causes arose, without their texts."""
        self._add(scrubbed_traceback(error))

    def ended(self, code: int) -> None:
        """The last line of a run."""
        self._add(f"ended with exit code {code}")

    def _add(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(line + "\n")


def _require_ours(path: Path) -> None:
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(FIRST_LINE)) == FIRST_LINE.encode("ascii"):
                return
    raise InputError("The file named with --log exists and is no log of this program; name a new one.")


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} none"


def _encoding() -> str | None:
    return getattr(sys.stdout, "encoding", None)
