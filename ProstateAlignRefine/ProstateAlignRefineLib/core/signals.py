"""A command that is asked to end cleans up and says so in a sentence."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDING = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


class Stopped(BaseException):
    """Not an Exception, so that nothing that carries on after faults carries on after this."""

    def __init__(self, number: int) -> None:
        super().__init__("Stopped before the end; nothing half-written was kept.")
        self.exit_code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and requests to end become `Stopped`; what comes after the first does not disturb the cleaning up."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for one in _ENDING:
            signal.signal(one, signal.SIG_IGN)
        raise Stopped(number)

    with _handled_by(stop):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Lets the block end before a request to stop is followed."""
    came: list[int] = []
    with _handled_by(lambda number, _frame: came.append(number)):
        yield
    if came:
        signal.raise_signal(came[0])


def bind_to_parent() -> None:
    """In a process of a pool: Ctrl-C, which reaches it too, is for its parent to answer; without a parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after_parent, daemon=True).start()


def _end_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _handled_by(handler: Any) -> Iterator[None]:
    # Python sets handlers in its main thread alone; elsewhere the application has its own.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A parent may have us ignore one of them (nohup).
    numbers = [number for number in _ENDING if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
