"""The worker process: reads requests as JSON lines from standard input, answers with events on standard output.

Started by the panel with a private folder as its only argument. It ends, and removes that folder, when its standard
input closes: that is how it learns that the application is gone.
"""

from __future__ import annotations

import os
import platform
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .. import __version__
from ..core.faults import fault_of, install_quiet_hooks, is_out_of_memory, scrubbed_traceback
from ..core.protocol import (
    INPUT,
    INSTALL,
    INTERNAL,
    MEMORY,
    PROTOCOL,
    Describe,
    Failed,
    Hello,
    LineBuffer,
    Message,
    Segment,
    decode,
    encode,
)
from ..core.threads import load_numpy

PACKAGES_HINT = "choose another Python under 'Advanced', or install the packages with the button there"
MEMORY_HINT = "close other programs, or choose another device"

Send = Callable[[Message], None]


def main() -> None:
    """Answers requests until standard input ends; what is left over is removed then."""
    install_quiet_hooks()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: _leave(Path(sys.argv[1]), 128 + number))
    send = _claim_stdout()
    requests: queue.Queue[Message] = queue.Queue()
    send(Hello(PROTOCOL, __version__, platform.python_version()))
    threading.Thread(target=_read, args=(requests, Path(sys.argv[1])), daemon=True).start()
    while True:
        answer(requests.get(), send)


def answer(request: Message, send: Send) -> None:
    """Fulfils one request; whatever goes wrong becomes a `Failed` event, and the worker stays up."""
    assert isinstance(request, Describe | Segment)
    try:
        _job(request)(send)
    except Exception as error:
        # The panel must hear of every failure, or it would wait for ever.
        reason, message = _explain(error)
        if reason == INTERNAL:
            print(scrubbed_traceback(error), file=sys.stderr, end="")
        send(Failed(request.request, reason, message))


def _job(request: Describe | Segment) -> Callable[[Send], None]:
    load_numpy()
    from . import jobs

    if isinstance(request, Segment):
        return lambda send: jobs.segment(request, send)
    return lambda send: jobs.describe(request, send)


def _explain(error: Exception) -> tuple[str, str]:
    if isinstance(error, ImportError):
        return INSTALL, f"The worker's Python lacks {error.name or 'a package'}; {PACKAGES_HINT}."
    if is_out_of_memory(error):
        return MEMORY, f"The memory did not suffice, on the GPU or on the computer; {MEMORY_HINT}."
    fault = fault_of(error)
    if fault.expected:
        return INPUT, fault.text
    return INTERNAL, f"The worker failed ({type(error).__name__}); its log says more."


def _claim_stdout() -> Send:
    """The protocol keeps the pipe to itself: whatever libraries print goes to standard error."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: Message) -> None:
        with lock:
            _write(pipe, encode(message))

    return send


def _write(pipe: IO[bytes], line: bytes) -> None:
    try:
        pipe.write(line)
    except BrokenPipeError:
        os._exit(0)


def _read(requests: queue.Queue[Message], folder: Path) -> None:
    buffer = LineBuffer()
    try:
        while piece := os.read(0, 65536):
            for line in buffer.feed(piece):
                requests.put(decode(line))
    finally:
        _leave(folder, 0)


def _leave(folder: Path, exit_code: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(exit_code)


if __name__ == "__main__":
    main()
