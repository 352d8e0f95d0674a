"""Child processes without waiting: start, read what has come, kill the whole tree."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..core.storage.scratch import make_scratch, remove_scratch

CHUNK = 65536
TAIL = 4000
REAP_SECONDS = 0.5

# Windows only, and absent elsewhere.
NEW_GROUP_WITHOUT_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(
    subprocess, "CREATE_NEW_PROCESS_GROUP", 0
)


class ChildProcess:
    """A process with pipes on standard input and output that never block, and standard error in a file."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Starts in `folder`; OSError where the program cannot be started."""
        self._errors = folder / "worker.log"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=dict(environment),
                start_new_session=os.name != "nt",
                creationflags=NEW_GROUP_WITHOUT_CONSOLE,
            )
        # On Windows since Python 3.12, which Slicer has had since 5.10.
        os.set_blocking(self._output, False)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    def write(self, line: bytes) -> None:
        """OSError where the process is gone. Lines are far smaller than a pipe's buffer, so this does not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def read(self) -> bytes:
        """What has arrived since the last call; empty where there is nothing."""
        pieces = []
        try:
            while piece := os.read(self._output, CHUNK):
                pieces.append(piece)
        except BlockingIOError:
            pass
        return b"".join(pieces)

    def log_tail(self) -> str:
        """The end of standard error."""
        return self._errors.read_bytes()[-TAIL:].decode(errors="replace").strip() if self._errors.is_file() else ""

    def kill(self) -> None:
        """Ends the process and all its children at once, and takes note of its end for at most half a second."""
        kill_tree(self._process.pid)
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    @property
    def _output(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()


def kill_tree(pid: int) -> None:
    """Kills a process and its descendants. With psutil where it is installed, else with what the system has."""
    try:
        import psutil
    except ImportError:
        _kill_group(pid)
        return
    try:
        parent = psutil.Process(pid)
        tree = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _kill_group(pid: int) -> None:
    if os.name == "nt":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)
        return
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _close(pipe: IO[bytes]) -> None:
    # What is left in the buffer was meant for a process that is dead.
    with suppress(OSError):
        pipe.close()


class PrivateFolder:
    """A temporary folder that this user alone can read, made when its path is first asked for."""

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The same until `remove`."""
        if self._path is None:
            self._path = make_scratch()
        return self._path

    def remove(self) -> None:
        """With all in it; the next path is another one."""
        if self._path is not None:
            remove_scratch(self._path)
            self._path = None
