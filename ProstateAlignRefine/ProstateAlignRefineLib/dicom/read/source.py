"""Where DICOM files come from: a folder, or a zip, which is unpacked without trust and removed again."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ...core.errors import InputError
from ...core.storage.scratch import scratch_folder

MOST_FILES = 100_000
MOST_BYTES = 16 * 2**30
HIGHEST_RATIO = 200
"""Of the whole archive. A single empty slice packs a thousandfold; a study of images never comes near."""
SMALL = 256 * 2**20  # bytes that may come of any archive
SPARE = 2**30  # bytes of the disk that stay free
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
# All that zipfile raises for archives of any content.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError, KeyError)


def is_zip(source: Path) -> bool:
    """By its content, whatever it is called."""
    return source.is_file() and zipfile.is_zipfile(source)


@contextmanager
def dicom_folder(source: Path) -> Iterator[Path]:
    """The folder itself, or for the block a private one that holds the files of the zip `source`.

    The names in an archive may hold patients' names or lead out of the folder: the files get numbers instead. Links,
    hidden files and folders are left out. InputError where `source` is neither, encrypted, damaged, or too large.
    """
    if source.is_dir():
        yield source
        return
    if not is_zip(source):
        raise InputError("The input is neither a folder nor a zip; give the folder that holds the study's DICOM files.")
    with scratch_folder() as folder:
        _unpack(source, folder)
        yield folder


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if _is_wanted(entry)]
            left = min(MOST_BYTES, max(HIGHEST_RATIO * source.stat().st_size, SMALL), _room(folder))
            _check(entries, left)
            for number, entry in enumerate(entries):
                left = _copy(archive, entry, folder / f"entry-{number:06d}", left)
    except _DAMAGE:
        raise InputError("The zip is damaged; send it again.") from None


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    """Whether it can be an image: no folder, no link, nothing that macOS leaves beside files."""
    hidden = PurePosixPath(entry.filename).name.startswith(".")
    return not (entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16) or hidden)


def _room(folder: Path) -> int:
    return max(shutil.disk_usage(folder).free - SPARE, 0)


def _check(entries: Sequence[zipfile.ZipInfo], most: int) -> None:
    """InputError by what the archive says of itself, before anything is written."""
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise InputError("The zip is encrypted; unpack it with its password and give the folder.")
    if len(entries) > MOST_FILES:
        raise InputError(f"The zip holds {len(entries)} files, at most {MOST_FILES} are read; give the study's folder.")
    if sum(entry.file_size for entry in entries) > most:
        raise InputError(
            f"The zip would unpack to more than {most / 2**30:.3g} GiB: the limit is {MOST_BYTES / 2**30:.0f} GiB, "
            f"{HIGHEST_RATIO} times its own size, and the room on this disk; unpack it and give the study's folder."
        )


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> int:
    """How many bytes may still come. The sizes in a zip's directory can lie, so bytes are counted as they come."""
    with archive.open(entry) as packed, path.open("xb") as target:
        while piece := packed.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                raise InputError("The zip is larger than it says; it was not unpacked.")
            target.write(piece)
    return left
