"""Single files: written to a temporary name, then renamed; nothing but a plain file is ever replaced."""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError

TEMPORARY = ".prostate-align-refine-"
_TAIL = 12  # characters of the name that stay, so that writers still see its suffix


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """A temporary path with the same suffix beside `path`; it takes the name `path` when the block ends well.

    A link's target is meant. InputError where something other than a plain file lies there. Folders that are missing
    are made, and removed again where the block fails.
    """
    target = plain_target(path)
    with made_folder(target.parent):
        temporary = target.with_name(_temporary_name(target.name))
        _remove_remains(target)
        try:
            yield temporary
            give_usual_rights(temporary)
            os.replace(temporary, plain_target(target))
        finally:
            temporary.unlink(missing_ok=True)


def plain_target(path: Path) -> Path:
    """Where a file of this name is written: behind links; InputError where a folder, device, pipe or socket is."""
    try:
        target = path.resolve()
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return target
    except RuntimeError:
        raise InputError(f"'{path.name}' is a link that leads to itself; name another file.") from None
    if not stat.S_ISREG(mode):
        raise InputError(f"'{path.name}' is no plain file (a folder, device or pipe), so it is not replaced.")
    return target


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """The folder and those above it, made where they are missing; those made go again where the block fails."""
    missing = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for one in missing:
            with suppress(OSError):
                one.rmdir()  # refuses a folder that something else has come into
        raise


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`; it takes that name when the block ends well. Only for a name not yet taken."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir() or any(path.iterdir())):
        raise InputError(f"'{path.name}' is there already and is not replaced; remove it, or name another folder.")
    with made_folder(path.parent):
        temporary = path.with_name(_temporary_name(path.name))
        _remove_remains(path)
        temporary.mkdir()
        try:
            yield temporary
            with suppress(FileNotFoundError):
                path.rmdir()
            os.rename(temporary, path)
        finally:
            remove_tree(temporary)


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's contents, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def give_usual_rights(path: Path) -> None:
    """Those that the umask leaves: some writers make files that the user alone can read."""
    if os.name == "nt":
        return
    usual = 0o666 & ~_umask()
    if stat.S_IMODE(path.stat().st_mode) != usual:
        path.chmod(usual)


def remove_tree(path: Path) -> None:
    """A folder with all in it, or a file; links are not followed, and what cannot be removed stays."""
    import shutil

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _temporary_name(name: str) -> str:
    return f"{_temporary_start(name)}{os.getpid()}-{name[-_TAIL:]}"


def _temporary_start(name: str) -> str:
    """The same for all processes of this computer that write this name."""
    return f"{TEMPORARY}{zlib.crc32(platform.node().encode()):08x}-{zlib.crc32(os.fsencode(name)):08x}-"


def _remove_remains(path: Path) -> None:
    """What killed processes of this computer left of the same name."""
    start = _temporary_start(path.name)
    for entry in os.listdir(path.parent):
        if entry.startswith(start) and not _lives(entry[len(start) :].partition("-")[0]):
            remove_tree(path.parent / entry)


def _lives(pid: str) -> bool:
    if not pid.isdigit() or os.name == "nt":
        return True  # Windows ends a process that is asked for with signal 0
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
