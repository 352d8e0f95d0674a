"""Temporary folders for patient data: for this user alone, and removed by the next run where one was killed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .files import remove_tree
from .locks import lock, unlock

PREFIX = "ProstateAlignRefine-"
_LOCK = ".lock"
_YOUNG_SECONDS = 3600.0  # without a lock that was ever held: perhaps made just now
_held: dict[Path, int] = {}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the block."""
    folder = make_scratch()
    try:
        yield folder
    finally:
        remove_scratch(folder)


def make_scratch() -> Path:
    """A new folder, empty to the eye, that is this process's until `remove_scratch`."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    descriptor = lock(folder / _LOCK)
    if descriptor is not None:
        os.write(descriptor, b"\n")  # held: until then another process's sweep leaves the folder alone
        _held[folder] = descriptor
    return folder


def remove_scratch(folder: Path) -> None:
    """With all in it."""
    if os.name == "nt" and folder in _held:
        unlock(_held.pop(folder))  # an open file cannot be removed there
    remove_tree(folder)
    if folder in _held:
        unlock(_held.pop(folder))


def _sweep(parent: Path) -> None:
    """Removes this user's folders whose process is gone."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            remains = _is_remains(folder)
        except OSError:
            continue
        if remains:
            remove_tree(folder)


def _is_remains(folder: Path) -> bool:
    facts = os.lstat(folder)
    if folder in _held or folder.is_symlink() or not folder.is_dir():
        return False
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        return False
    key = folder / _LOCK
    was_held = key.is_file() and key.stat().st_size > 0
    if not was_held and time.time() - facts.st_mtime <= _YOUNG_SECONDS:
        return False
    if not key.is_file():
        return not any(folder.iterdir())
    descriptor = lock(key)
    if descriptor is None:
        return False
    unlock(descriptor)
    return True
