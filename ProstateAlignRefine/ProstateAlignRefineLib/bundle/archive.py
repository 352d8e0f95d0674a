"""A zipped model bundle from outside: looked at before anything is unpacked, unpacked without trust."""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..core.errors import InputError
from ..core.plain_data import parse_json
from ..core.storage.files import file_sha256
from ..core.storage.output import writing_folder
from ..core.storage.signature import BUNDLE, SIGNATURE_NAME
from .config import CONFIG_FILE, ModelConfig
from .summary import BundleSummary

MOST_FILES = 200
MOST_BYTES = 4_000_000_000
LARGEST_CONFIG = 1_000_000
HIGHEST_RATIO = 200
CHUNK = 1 << 20
DEEPEST, LONGEST_NAME = 4, 200
ENCRYPTED = 0x1
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
# All that zipfile raises for archives of any content.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError, KeyError)
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"})


def look_into(archive: Path) -> BundleSummary:
    """What the bundle inside says of itself; InputError where the archive is not a plain bundle. Unpacks nothing."""
    with _opened(archive) as bundle:
        root = _root(bundle)
        entry = bundle.getinfo(root + CONFIG_FILE)
        if entry.file_size > LARGEST_CONFIG:
            raise InputError("The archive's bundle.json is too large to be one; it was not unpacked.")
        config = b"".join(_pieces(bundle, entry))
        data = parse_json(config, f"{CONFIG_FILE} of the archive", "get the model bundle again")
        return BundleSummary.of(ModelConfig.from_dict(data), archive, _size(bundle.infolist()))


def archive_digest(archive: Path) -> str:
    """SHA-256 of the archive's bytes; InputError where it cannot be read."""
    try:
        return file_sha256(archive)
    except OSError:
        raise InputError("The archive cannot be read; check the file and its permissions.") from None


def unpack(archive: Path, folder: Path) -> None:
    """The bundle's files into `folder`, all of them or none."""
    with _opened(archive) as bundle:
        root, written = _root(bundle), 0
        entries = {entry.filename.removeprefix(root): entry for entry in bundle.infolist() if not entry.is_dir()}
        entries.pop(SIGNATURE_NAME, None)  # of the folder that was packed
        with writing_folder(folder, BUNDLE, {name.split("/")[0] for name in entries}) as draft:
            for name, entry in entries.items():
                path = draft.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                written = _copy(bundle, entry, path, written)


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        bundle = zipfile.ZipFile(archive)
    except (OSError, *DAMAGE):
        raise InputError("The file is not a zip archive; get the model bundle again.") from None
    entries = bundle.infolist()
    if len(entries) > MOST_FILES:
        bundle.close()
        raise InputError(f"The archive holds {len(entries)} files, no bundle does.")
    problem = next(filter(None, map(_problem, entries)), "") or _problem_together(entries)
    if problem:
        bundle.close()
        raise InputError(f"The archive was not unpacked: it holds {problem}.")
    return bundle


def _problem(entry: zipfile.ZipInfo) -> str:
    # zipfile itself turns backslashes into slashes on Windows, so the original name is looked at.
    name = PurePosixPath(entry.orig_filename)
    if "\\" in entry.orig_filename or name.is_absolute() or ".." in name.parts or ":" in entry.orig_filename:
        return "a path that leads out of its folder"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a link"
    if entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1):
        return f"a file that grows more than {HIGHEST_RATIO} times"
    if entry.file_size > MOST_BYTES or min(entry.file_size, entry.compress_size, entry.header_offset) < 0:
        return "a file that is too large"
    return "a pickle, which can run code" if name.suffix.lower() in PICKLES else _problem_of_form(entry)


def _problem_of_form(entry: zipfile.ZipInfo) -> str:
    if entry.flag_bits & ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "a file that is encrypted or packed in an unusual way"
    return "" if _is_fit(entry) else "a name that no folder can hold everywhere"


def _is_fit(entry: zipfile.ZipInfo) -> bool:
    """Whether Windows, macOS and Linux can all have a file of this name."""
    # zipfile cuts a name at a zero byte.
    parts = PurePosixPath(entry.orig_filename).parts
    plain = entry.orig_filename.isprintable() and len(parts) <= DEEPEST and bool(parts)
    return plain and all(
        len(part.encode()) <= LONGEST_NAME and part == part.rstrip(". ") and not RESERVED.match(part) for part in parts
    )


def _problem_together(entries: Sequence[zipfile.ZipInfo]) -> str:
    """Two entries of which one would take the other's place, here or where capitals and accents do not count."""
    names = [unicodedata.normalize("NFKC", entry.filename.rstrip("/")).casefold() for entry in entries]
    files = {name for name, entry in zip(names, entries, strict=True) if not entry.is_dir()}
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    if len(set(names)) < len(names) or files & folders:
        return "two files of one name"
    return f"more than {MOST_BYTES // 10**9} GB" if _size(entries) > MOST_BYTES else ""


def _size(entries: Sequence[zipfile.ZipInfo]) -> int:
    return sum(entry.file_size for entry in entries)


def _root(bundle: zipfile.ZipFile) -> str:
    """Empty, or the one folder that the files lie in, with its slash."""
    names = [name for name in bundle.namelist() if PurePosixPath(name).name == CONFIG_FILE]
    root = names[0].removesuffix(CONFIG_FILE) if len(names) == 1 else ""
    files = [entry.filename for entry in bundle.infolist() if not entry.is_dir()]
    if len(names) != 1 or root.count("/") > 1 or not all(name.startswith(root) for name in files):
        raise InputError("The archive holds no model bundle: one bundle.json, and its files beside it, are needed.")
    return root


def _copy(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, written: int) -> int:
    """The sizes in a zip's directory can lie, so bytes are counted as they come."""
    with path.open("xb") as target:
        for piece in _pieces(bundle, entry):
            written += len(piece)
            if written > MOST_BYTES:
                raise InputError("The archive is larger than it says; it was not unpacked.")
            target.write(piece)
    return written


def _pieces(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The entry's bytes; InputError where they are damaged, encrypted, or packed in an unknown way."""
    try:
        with bundle.open(entry) as source:
            while piece := source.read(CHUNK):
                yield piece
    except DAMAGE:
        raise InputError("The archive is damaged or encrypted; get the model bundle again.") from None
