"""pip of an application's Python in a child process, read meanwhile; its own index, proxy and certificates count."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.plain_text import plain_text
from .launch import own_python
from .processes import ChildProcess, PrivateFolder

TICK_SECONDS = 0.05
LONGEST_LINE = 300


@dataclass(frozen=True)
class PipOutcome:
    """`code`: pip's, None where it was stopped. `error`: what pip says last of an error, one line, or nothing."""

    code: int | None
    error: str


def run_pip(arguments: Sequence[str], go_on: Callable[[str], bool]) -> PipOutcome:
    """`go_on(line)` is asked many times a second, with pip's latest line; where it says no, pip is stopped.

    OSError where Python cannot be started.
    """
    place = PrivateFolder()
    said, line = b"", ""
    command = [own_python(), "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input"]
    try:
        process = ChildProcess(command, os.environ, place.path)
        try:
            while (code := process.exit_code) is None:
                said += process.read()
                line = _last(said) or line
                if not go_on(line):
                    return PipOutcome(None, "")
                time.sleep(TICK_SECONDS)
            return PipOutcome(code, _error(process.log_tail()) if code else "")
        finally:
            process.kill()
    finally:
        place.remove()


def _last(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return plain_text(lines[-1])[:LONGEST_LINE] if lines else ""


def _error(log: str) -> str:
    """pip's own words, from which it leaves out passwords."""
    lines = [line for line in log.splitlines() if line.startswith("ERROR: ")]
    return plain_text(lines[-1].removeprefix("ERROR: "))[:LONGEST_LINE] if lines else ""
