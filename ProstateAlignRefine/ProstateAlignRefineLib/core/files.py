"""Writing so that nothing half-written stays: to a temporary name, then rename."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """A temporary path with the same suffix beside `path`; it takes the name `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`; it takes the place of `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        if path.exists():
            discarded = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            os.replace(path, discarded / path.name)
            os.replace(temporary, path)
            shutil.rmtree(discarded)
        else:
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's contents, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def check_replaceable(folder: Path, mark: str, known: Collection[str] = ()) -> bool:
    """Whether an earlier result, known by the file or folder `mark` in it, lies in `folder` and would be replaced.

    `known`: all names that an earlier result can hold, where `mark` alone does not tell it. InputError where something
    else lies there.
    """
    if folder.is_file():
        raise InputError("The output path is a file; name a folder.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    names = {path.name for path in folder.iterdir()}
    if mark in names and (not known or names <= set(known)):
        return True
    raise InputError("The output folder holds other files; name a new or empty folder, or one with an earlier result.")
