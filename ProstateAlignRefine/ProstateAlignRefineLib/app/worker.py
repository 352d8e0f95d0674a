"""The worker as the panel sees it: one request at a time, signals for what becomes of it, never a wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..core.plain_text import plain_text
from ..core.protocol import (
    INTERNAL,
    MEMORY,
    PROTOCOL,
    Describe,
    Described,
    Failed,
    Finished,
    Hello,
    LineBuffer,
    Message,
    Progress,
    ProtocolError,
    Segment,
    decode,
    encode,
)
from .i18n import _
from .launch import Launch
from .processes import ChildProcess, PrivateFolder
from .signal import Signal

# SIGKILL without our doing: on Linux the kernel's way to free memory.
KILLED = -9
LONGEST_LINE = 400


class Worker:
    """A child process that is started at the first request and kept for the next ones.

    Something must call `poll` while `busy`: the panel's timer does. All signals are sent from within `poll`, `request`
    or `cancel`.
    """

    def __init__(self, launch: Callable[[], Launch]) -> None:
        """`launch` is asked at every start, so that a changed setting counts from the next one on."""
        self.described: Signal[[Described]] = Signal()
        self.progressed: Signal[[Progress]] = Signal()
        self.finished: Signal[[Finished]] = Signal()
        self.failed: Signal[[Failed]] = Signal()
        self.cancelled: Signal[[]] = Signal()
        self._launch = launch
        self._process: ChildProcess | None = None
        self._folder = PrivateFolder()
        self._buffer = LineBuffer()
        self._current = 0
        self._count = 0

    @property
    def busy(self) -> bool:
        return self._current != 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def folder(self) -> Path:
        """The private folder shared with the process; removed when it stops."""
        return self._folder.path

    def next_request(self) -> int:
        """A number that no request of this worker has had."""
        self._count += 1
        return self._count

    def request(self, message: Describe | Segment) -> None:
        """Sends it, starting the process first where none runs. Refused (ValueError) while another is under way."""
        if self.busy:
            raise ValueError("the worker is busy with another request")
        self._current = message.request
        try:
            self._running_process().write(encode(message))
        except OSError:
            self._fail(INTERNAL, _("Python could not be started; choose another one under 'Advanced'."))

    def cancel(self) -> None:
        """Kills the process tree. The next request starts a fresh one."""
        if self.busy:
            self.stop()
            self.cancelled.emit()

    def stop(self) -> None:
        """Ends the process, at work or not, and removes its folder. No signal."""
        self._current = 0
        if self._process is not None:
            self._process.kill()
            self._process = None
        self._folder.remove()

    def poll(self) -> None:
        """Handles what the process has said since the last call, and its death."""
        if self._process is None:
            return
        exit_code = self._process.exit_code
        try:
            messages = [decode(line) for line in self._buffer.feed(self._process.read())]
        except ProtocolError:
            self._fail(INTERNAL, _("The worker said something that is no message; choose another Python."))
            return
        for message in messages:
            self._hear(message)
        if exit_code is not None and self._process is not None:
            self._die(exit_code)

    def _running_process(self) -> ChildProcess:
        if self._process is not None and self._process.exit_code is not None:
            self._keep_folder_and_forget()
        if self._process is None:
            launch = self._launch()
            self._buffer = LineBuffer()
            self._process = ChildProcess(launch.command(self.folder), launch.environment, self.folder)
        return self._process

    def _keep_folder_and_forget(self) -> None:
        """A process that died between requests: the files for the next one already lie in its folder."""
        assert self._process is not None
        self._process.kill()
        self._process = None

    def _hear(self, message: Message) -> None:
        if isinstance(message, Hello):
            if message.protocol != PROTOCOL:
                self._fail(INTERNAL, _("The worker has another version than this panel; update one of them."))
        elif getattr(message, "request", 0) != self._current:
            return
        elif isinstance(message, Progress):
            self.progressed.emit(message)
        else:
            self._end(message)

    def _end(self, message: Message) -> None:
        self._current = 0
        if isinstance(message, Described):
            self.described.emit(message)
        elif isinstance(message, Finished):
            self.finished.emit(message)
        elif isinstance(message, Failed):
            self.failed.emit(message)

    def _die(self, exit_code: int) -> None:
        assert self._process is not None
        if exit_code == KILLED:
            reason = MEMORY
            text = _("The system ended the worker, most likely because memory ran out; close other programs.")
        else:
            reason = INTERNAL
            text = _("The worker ended unexpectedly (exit code {code}). {log}").format(
                code=exit_code, log=last_line(self._process.log_tail())
            )
        self._fail(reason, text)

    def _fail(self, reason: str, text: str) -> None:
        request = self._current
        self.stop()
        if request:
            self.failed.emit(Failed(request, reason, text.strip()))


def last_line(log: str) -> str:
    """The last line of an error log: of a Python traceback the error itself."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return plain_text(lines[-1], LONGEST_LINE) if lines else ""
