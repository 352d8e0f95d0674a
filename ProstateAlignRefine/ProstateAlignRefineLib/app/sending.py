"""Testing an archive and sending to it, by `send` in a child process: the panel never waits for a network."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from .i18n import _
from .launch import own_python, program
from .pacs import Pacs
from .processes import ChildProcess, PrivateFolder
from .signal import Signal
from .worker import last_line

COMMANDS = "ProstateAlignRefineLib"
USERS_ERROR = 2  # the exit code of a command that said in one sentence what is wrong


class Sending:
    """One test or one sending at a time. Something must call `poll` while `running`: the section's timer does."""

    def __init__(self) -> None:
        self.ended: Signal[[str]] = Signal()
        self._process: ChildProcess | None = None
        self._folder = PrivateFolder()
        self._said = b""
        self._started = 0.0

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the click."""
        return time.monotonic() - self._started

    @property
    def outbox(self) -> Path:
        """Where the objects to send are put; removed, with all in it, when the sending has ended."""
        return self._folder.path / "objects"

    def test(self, pacs: Pacs) -> None:
        self._start(pacs, ["--test"])

    def send(self, pacs: Pacs, allow_research: bool) -> None:
        """Sends what lies in the outbox."""
        self._start(pacs, [str(self.outbox), *(["--allow-research"] if allow_research else [])])

    def cancel(self) -> None:
        """Stops waiting for the server, which is not told."""
        if self.running:
            self.stop()
            self.ended.emit(_("Stopped. What the server had stored by then stays there."))

    def stop(self) -> None:
        """Ends the process and removes its files. No signal."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        self._folder.remove()

    def poll(self) -> None:
        if self._process is None:
            return
        exit_code = self._process.exit_code
        self._said += self._process.read()
        if exit_code is not None:
            text = _outcome(exit_code, self._said.decode(errors="replace"), self._process.log_tail())
            self.stop()
            self.ended.emit(text)

    def _start(self, pacs: Pacs, what: Sequence[str]) -> None:
        command = program(own_python(), COMMANDS, "send", *pacs.options(), *what)
        self._said, self._started = b"", time.monotonic()
        try:
            self._process = ChildProcess(command, os.environ, self._folder.path)
            if pacs.token:
                self._process.write(pacs.token.encode() + b"\n")
        except OSError:
            self.stop()
            self.ended.emit(_("The sending program could not be started; reinstall the extension."))


def _outcome(exit_code: int, said: str, log: str) -> str:
    if exit_code == 0:
        return last_line(said)
    if exit_code == USERS_ERROR:
        return last_line(log)
    # Not the error's own words: they may quote a header.
    kind = last_line(log).partition(":")[0]
    return _("The sending ended unexpectedly ({kind}, exit code {code}); see on the server what has arrived.").format(
        kind=kind, code=exit_code
    )
