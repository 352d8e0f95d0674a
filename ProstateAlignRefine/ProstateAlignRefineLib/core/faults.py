"""What the user is told of an error, and what a log may hold of it: never a value, never a path."""

from __future__ import annotations

import errno
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

from .errors import InputError
from .plain_text import plain_text

LIBRARY = Path(__file__).resolve().parent.parent
ITS_OWN_FAULTS = frozenset({errno.EBADF, errno.EFAULT, errno.ENOTTY, errno.EDOM, errno.ECHILD})
REMEDIES = {
    "check permissions": (errno.EACCES, errno.EPERM, errno.EROFS),
    "free some space": (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG),
    "check that it is there": (errno.ENOENT, getattr(errno, "ESTALE", errno.ENOENT), errno.ENODEV, errno.ENXIO),
    "give it a shorter name": (errno.ENAMETOOLONG,),
    "mend the link": (errno.ELOOP,),
    "close other programs that use it": (errno.EBUSY, errno.ENOTEMPTY, errno.ETXTBSY, errno.EMFILE, errno.ENFILE),
    "check the disk": (errno.EIO,),
    "check the connection": (errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EPIPE),
}
MEMORY_SIGNS = ("out of memory", "can't allocate memory", "bad_alloc", "failed to allocate memory", "bad allocation")
MOST_CAUSES, MOST_FRAMES = 10, 60


@dataclass(frozen=True)
class Fault:
    """One sentence for the screen. `expected`: whether input, disk or machine are at fault, not this program."""

    text: str
    expected: bool


def fault_of(error: BaseException, extra: str = "") -> Fault:
    """What the user is told of `error`. `extra`: of this distribution, which brings packages that may be missing."""
    text = _expected(error, extra)
    return Fault(text or "Something unexpected went wrong in this program.", expected=bool(text))


def reason_of(error: OSError) -> str:
    """The system's own words for what failed, without the path."""
    return os.strerror(error.errno) if error.errno is not None else "the device does not answer"


def is_out_of_memory(error: BaseException) -> bool:
    """Of Python, NumPy, SimpleITK, PyTorch (which raises RuntimeErrors, too) or ONNX Runtime (errors of its own)."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    told = isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
    return told and any(sign in str(error).lower() for sign in MEMORY_SIGNS)


def scrubbed_traceback(error: BaseException) -> str:
    """The places where `error` and its causes were raised, with the lines of source, and no text of theirs.

    An error's text can hold what a file says, so a patient's name; a path can too. Only places in this library, in
    Python and in installed packages are named.
    """
    return "\n".join(line for cause in _causes(error) for line in _lines(cause)) + "\n"


def _expected(error: BaseException, extra: str) -> str:
    """The sentence of a fault of input, disk or machine; empty for any other."""
    text = ""
    if isinstance(error, InputError):
        text = plain_text(str(error))
    elif is_out_of_memory(error):
        text = "The memory did not suffice, on the GPU or on the computer; close other programs."
    elif isinstance(error, OSError) and error.errno is not None and error.errno not in ITS_OWN_FAULTS:
        text = _of_storage(error.errno)
    elif isinstance(error, RecursionError):
        text = "What was given is nested too deeply to be read; check the files given."
    elif isinstance(error, UnicodeEncodeError) and _has_half_characters(error.object):
        text = "A file or folder has a name that is not valid UTF-8; rename it."
    elif isinstance(error, ImportError) and not (error.name or "").startswith(LIBRARY.name):
        package = plain_text((error.name or "").partition(".")[0] or "it needs", 40)
        remedy = f'run in the clone: pip install ".[{extra}]"' if extra else "install it again"
        text = f"The Python package {package} is missing or broken; {remedy}."
    return text


def _of_storage(number: int) -> str:
    # Not the error's own text and path: folders are named after patients.
    remedy = next((remedy for remedy, numbers in REMEDIES.items() if number in numbers), "check it and the disk")
    return f"A file or folder cannot be used ({os.strerror(number)}); {remedy}."


def _has_half_characters(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _causes(error: BaseException) -> list[BaseException]:
    """The error last, what it came of before it."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain and len(chain) < MOST_CAUSES:
        chain.insert(0, current)
        current = current.__cause__ or current.__context__
    return chain


def _lines(error: BaseException) -> Iterator[str]:
    frames = list(_frames(error.__traceback__))
    yield from frames[:MOST_FRAMES]
    number = getattr(error, "errno", None)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    yield kind + (f" [{errno.errorcode.get(number, number)}]" if isinstance(number, int) else "")


def _frames(at: TracebackType | None) -> Iterator[str]:
    for frame, line in walk_tb(at):
        name = _known_place(Path(frame.f_code.co_filename))
        if name is None:
            yield "  elsewhere"
        else:
            yield f"  {name}:{line} in {frame.f_code.co_name}"
            yield f"    {linecache.getline(frame.f_code.co_filename, line).strip()}"


def _known_place(file: Path) -> str | None:
    """The file below the folder of this library, of packages or of Python; None for any other."""
    roots = [LIBRARY.parent, *(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib"))]
    inside = next((file.relative_to(root) for root in roots if root in file.parents), None)
    if inside is None:
        return file.name if str(file).startswith("<frozen ") else None
    return inside.as_posix()


def told_fault(error: Exception) -> str:
    """The sentence for the screen; of a fault of this program the places go to standard error."""
    fault = fault_of(error)
    if not fault.expected and sys.stderr is not None:
        print(scrubbed_traceback(error), file=sys.stderr, end="")
    return fault.text


def install_quiet_hooks() -> None:
    """Errors that nothing catches, in any thread, are written scrubbed to standard error."""
    import threading

    def said(error: BaseException | None) -> None:
        if error is not None:
            print(scrubbed_traceback(error), end="", file=sys.stderr)

    sys.excepthook = lambda _kind, error, _at: said(error)
    threading.excepthook = lambda raised: said(raised.exc_value)
