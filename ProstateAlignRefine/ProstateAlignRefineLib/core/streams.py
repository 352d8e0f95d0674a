"""Standard output and error as they come: closed, full, a pipe whose reader has gone, an encoding of few letters."""

from __future__ import annotations

import errno
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

BROKEN_PIPE = 141  # what a shell sees of a program that the signal SIGPIPE ended


class ReaderGoneError(Exception):
    """Nobody reads standard output any more (`... | head`)."""


def prepare_streams() -> None:
    """Letters that an encoding lacks are written as escapes (`\\u30c6`), never an error; closed streams swallow."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 it stays open
        elif hasattr(stream, "reconfigure"):
            with suppress(ValueError, OSError):
                stream.reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """What was printed reaches its reader now; ReaderGoneError, or OSError where it cannot be written (a full disk)."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except ValueError:  # closed by whoever called
            continue
        except OSError as error:
            _swallow(stream)
            if error.errno == errno.EPIPE:
                raise ReaderGoneError from None
            raise


def is_reader_gone() -> bool:
    """Whether a BrokenPipeError came of standard output or error, not of a connection."""
    broken = [stream for stream in (sys.stdout, sys.stderr) if _is_broken(stream)]
    for stream in broken:
        _swallow(stream)
    return bool(broken)


def _is_broken(stream: TextIO) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return True
    with suppress(OSError, ValueError):
        waiting = select.poll()
        waiting.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _stream, event in waiting.poll(0))
    return False


def _swallow(stream: TextIO) -> None:
    # What is left in the buffer would fail once more when Python ends.
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
