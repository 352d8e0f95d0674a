"""What a command says while it runs: bars, plain lines where nobody watches, nothing, or more words."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, TextIO, cast

SECONDS_BETWEEN = 60.0


class PlainLines:
    """A text stream before another that is no terminal: of what returns to the start of its line, only the last state
    is written, and a state every `SECONDS_BETWEEN`, so that a log of a long run shows that it goes on."""

    def __init__(self, stream: TextIO, now: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._now = stream, now
        self._line, self._last = "", now()

    def write(self, text: str) -> int:
        """Its promise to writers: the count of characters given, whatever of them is held back."""
        *whole, rest = (self._line + text).split("\n")
        for line in whole:
            self._put(line)
        self._line = rest if "\r" not in rest else "\r" + _last_state(rest) + ("\r" if _is_wiped(rest) else "")
        if self._line and "\r" in self._line and self._now() - self._last >= SECONDS_BETWEEN:
            self._put(self._line)
        return len(text)

    def finish(self) -> None:
        """What has no end of line yet is written."""
        if self._line:
            self._put(self._line)
            self._line = ""
        self._stream.flush()

    def _put(self, line: str) -> None:
        self._last = self._now()
        state = _last_state(line)
        if state or "\r" not in line:
            self._stream.write(state + "\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def watched(quiet: bool) -> Iterator[None]:
    """While a command runs: standard error without overwritten lines where it is no terminal, and without anything
    where `quiet`. What is said after it, as an error, is not held back."""
    before = sys.stderr
    if quiet:
        with open(os.devnull, "w", encoding="utf-8") as nothing, redirect_stderr(nothing):
            yield
    elif before.isatty():
        yield
    else:
        lines = PlainLines(before)
        with redirect_stderr(cast(TextIO, lines)):
            try:
                yield
            finally:
                lines.finish()


def remark(line: str) -> None:
    """What goes with a command's answer and is no part of it: where files are, what was read and why.

    On standard error, as all that --quiet silences: standard output holds the answer alone, cautions among it.
    """
    print(line, file=sys.stderr)


@contextmanager
def told(verbose: bool) -> Iterator[None]:
    """While a command runs, what the program's own loggers note goes to standard error, where `verbose`."""
    own = logging.getLogger(__package__.partition(".")[0])
    handler, level = logging.StreamHandler(), own.level
    if verbose:
        own.addHandler(handler)
        own.setLevel(logging.INFO)
    try:
        yield
    finally:
        own.removeHandler(handler)
        own.setLevel(level)


def _is_wiped(line: str) -> bool:
    """Whether what follows stands in place of the state, as a sentence above a bar does."""
    return line.rstrip(" ").endswith("\r")


def _last_state(line: str) -> str:
    """What a terminal would show in the end."""
    states = [state.rstrip() for state in line.split("\r")]
    return next((state for state in reversed(states) if state), "")
