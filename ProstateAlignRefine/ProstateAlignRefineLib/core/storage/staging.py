"""The hidden folder in which a result is made, and the way from there to its place: all of it, or nothing.

While a run is at work it holds the lock of `STAGING_NAME` in the folder it writes. When every file lies there in full,
the journal is written; from then on the result counts, and whoever comes next brings it to its place. Without a
journal the staging is remains, and is removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from ..errors import InputError
from .files import TEMPORARY, remove_tree
from .locks import lock, unlock
from .signature import SIGNATURE_NAME, digests_by_name, is_inside, read_object, state_of

STAGING_NAME = ".prostate-align-refine.writing"
LOCK, JOURNAL, NEW = "lock", "journal.json", "new"
BUSY = "Another run is writing into this folder; wait until it has ended."


@dataclass(frozen=True)
class Journal:
    """What is to be done: SHA-256 by relative name. `earlier`: what may be replaced or, not being in `files`, goes."""

    files: Mapping[str, str]
    earlier: Mapping[str, str]
    folders: tuple[str, ...]


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder's staging, empty but for its lock, for this process alone; InputError where another has it."""
    descriptor, staging = _claim(folder)
    try:
        _finish(folder, staging)
        yield staging
    finally:
        if not (staging / JOURNAL).exists():
            remove_tree(staging)
        unlock(descriptor)
        if os.name == "nt" and not (staging / JOURNAL).exists():
            remove_tree(staging)  # an open lock cannot be removed there


def finish_interrupted(folder: Path) -> None:
    """Brings what a killed run had ready to its place, else removes its remains, before the folder is read."""
    staging = folder / STAGING_NAME
    if not staging.is_dir() or staging.is_symlink():
        return
    ready = (staging / JOURNAL).exists()
    try:
        descriptor = lock(staging / LOCK)
    except FileNotFoundError:
        return
    except OSError:
        if ready:
            raise InputError("A run was interrupted here and cannot be finished without the right to write.") from None
        return
    if descriptor is None:
        if ready:
            raise InputError(BUSY)
        return
    try:
        _finish(folder, staging)
        remove_tree(staging)
    finally:
        unlock(descriptor)


def put_in_place(folder: Path, staging: Path, journal: Journal) -> None:
    """Writes the journal, then does what it says. Every name was checked to be free or ours."""
    draft = staging / f"{JOURNAL}.part"
    draft.write_text(json.dumps(asdict(journal)), encoding="utf-8")
    os.replace(draft, staging / JOURNAL)
    _finish(folder, staging)


def is_unfinished(file: Path) -> bool:
    """Whether it is on its way, or was when a run was killed."""
    return any(part == STAGING_NAME or part.startswith(TEMPORARY) for part in file.parts)


def _claim(folder: Path) -> tuple[int, Path]:
    staging = folder / STAGING_NAME
    for _attempt in range(20):
        with suppress(FileExistsError):
            staging.mkdir()
        if staging.is_symlink():
            raise InputError("The output folder holds a link where results are made; remove it.")
        with suppress(FileNotFoundError):  # the run before removed it just now
            descriptor = lock(staging / LOCK)
            if descriptor is None:
                raise InputError(BUSY)
            return descriptor, staging
    raise InputError(BUSY)


def _finish(folder: Path, staging: Path) -> None:
    journal = _read(staging / JOURNAL)
    if journal is not None:
        _roll_forward(folder, staging / NEW, journal)
    (staging / JOURNAL).unlink(missing_ok=True)
    for entry in staging.iterdir():
        if entry.name != LOCK:
            remove_tree(entry)


def _roll_forward(folder: Path, new: Path, journal: Journal) -> None:
    for name in journal.folders:
        _require_no_link(folder, name)
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, digest in journal.files.items():
        if state_of(new, name) == digest:
            if state_of(folder, name) not in (None, digest, journal.earlier.get(name)):
                raise InputError(changed(name))
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(new / name, folder / name)
    gone = {name: digest for name, digest in journal.earlier.items() if name not in journal.files}
    for name, digest in gone.items():
        if state_of(folder, name) == digest:
            (folder / name).unlink()
    _remove_empty(folder, gone)
    with suppress(FileNotFoundError):
        os.replace(new / SIGNATURE_NAME, folder / SIGNATURE_NAME)


def _require_no_link(folder: Path, name: str) -> None:
    place = folder
    for part in PurePosixPath(name).parts:
        place = place / part
        if place.is_symlink():
            raise InputError(changed(name))


def _remove_empty(folder: Path, gone: Mapping[str, str]) -> None:
    """Folders that held nothing but what has gone."""
    parents = {parent for name in gone for parent in PurePosixPath(name).parents if parent.parts}
    for parent in sorted(parents, key=lambda path: -len(path.parts)):
        with suppress(OSError):
            (folder / parent).rmdir()


def changed(name: str) -> str:
    """The sentence of a refusal; `name`: of the file, whose last part alone is shown."""
    return (
        f"'{PurePosixPath(name).name}' in the output folder was changed since this program wrote it; move it "
        "elsewhere, or name another folder."
    )


def _read(path: Path) -> Journal | None:
    """None where there is no journal of ours: a folder, and what hides in it, may come from elsewhere."""
    content = read_object(path) or {}
    files, earlier = digests_by_name(content.get("files")), digests_by_name(content.get("earlier"))
    folders = content.get("folders")
    if files is None or earlier is None or not isinstance(folders, list):
        return None
    if not all(isinstance(name, str) and is_inside(name) for name in folders):
        return None
    return Journal(files, earlier, tuple(folders))
