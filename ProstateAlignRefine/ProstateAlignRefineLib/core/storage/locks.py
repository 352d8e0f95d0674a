"""A lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

_TAKEN = (BlockingIOError, PermissionError)


def lock(path: Path) -> int | None:
    """A descriptor that holds the file `path` (made where it is missing) until `unlock`; None where another holds it.

    OSError where the file cannot be made, FileNotFoundError where its folder is gone.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        if not _take(descriptor):
            os.close(descriptor)
            return None
        if _still_named(path, descriptor):
            return descriptor
        # The holder before removed the file between our opening and our locking it.
        os.close(descriptor)


def unlock(descriptor: int) -> None:
    """Frees what `lock` took; the file stays."""
    with suppress(OSError):
        os.close(descriptor)


def _still_named(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except _TAKEN:
        return False
    except OSError:
        # A file system without locks: two runs at once are not noticed there, a single one must go on.
        return True
    return True
