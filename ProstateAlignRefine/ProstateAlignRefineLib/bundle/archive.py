"""A zipped model bundle from outside: looked at before anything is unpacked, unpacked without trust."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from ..app.bundles import CONFIG_FILE, BundleInfo, info_from
from ..app.i18n import _
from ..core.errors import InputError
from ..core.files import replacing_folder

MOST_FILES = 200
MOST_BYTES = 4_000_000_000
LARGEST_CONFIG = 1_000_000
HIGHEST_RATIO = 200
CHUNK = 1 << 20
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"})


def look_into(archive: Path) -> BundleInfo:
    """What the bundle inside says of itself; InputError where the archive is not a plain bundle. Unpacks nothing."""
    with _opened(archive) as bundle:
        root = _root(bundle)
        entry = bundle.getinfo(root + CONFIG_FILE)
        with _readable(bundle, entry) as stream:
            config = stream.read(LARGEST_CONFIG + 1)
        if len(config) > LARGEST_CONFIG:
            raise InputError(_("The archive's bundle.json is too large to be one; it was not unpacked."))
        return info_from(config, archive, sum(item.file_size for item in bundle.infolist()))


def unpack(archive: Path, folder: Path) -> None:
    """The bundle's files into `folder`, all of them or none."""
    with _opened(archive) as bundle, replacing_folder(folder) as target:
        root, written = _root(bundle), 0
        for entry in bundle.infolist():
            if not entry.is_dir():
                path = target / entry.filename.removeprefix(root)
                path.parent.mkdir(parents=True, exist_ok=True)
                written = _copy(bundle, entry, path, written)


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        bundle = zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile):
        raise InputError(_("The file is not a zip archive; get the model bundle again.")) from None
    entries = bundle.infolist()
    if len(entries) > MOST_FILES:
        raise InputError(_("The archive holds {count} files, no bundle does.").format(count=len(entries)))
    for entry in entries:
        problem = _problem(entry)
        if problem:
            bundle.close()
            raise InputError(_("The archive was not unpacked: it holds {problem}.").format(problem=problem))
    return bundle


def _problem(entry: zipfile.ZipInfo) -> str:
    # zipfile itself turns backslashes into slashes on Windows, so the original name is looked at.
    name = PurePosixPath(entry.orig_filename)
    if "\\" in entry.orig_filename or name.is_absolute() or ".." in name.parts or ":" in entry.orig_filename:
        return _("a path that leads out of its folder")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _("a link")
    if entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1):
        return _("a file that grows more than {ratio} times").format(ratio=HIGHEST_RATIO)
    if entry.file_size > MOST_BYTES:
        return _("a file that is too large")
    return _("a pickle, which can run code") if name.suffix.lower() in PICKLES else ""


def _root(bundle: zipfile.ZipFile) -> str:
    """Empty, or the one folder that the files lie in, with its slash."""
    names = [name for name in bundle.namelist() if PurePosixPath(name).name == CONFIG_FILE]
    root = names[0].removesuffix(CONFIG_FILE) if len(names) == 1 else ""
    files = [entry.filename for entry in bundle.infolist() if not entry.is_dir()]
    if len(names) != 1 or root.count("/") > 1 or not all(name.startswith(root) for name in files):
        raise InputError(_("The archive holds no model bundle: one bundle.json, and its files beside it, are needed."))
    return root


def _copy(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, written: int) -> int:
    """The sizes in a zip's directory can lie, so bytes are counted as they come."""
    with _readable(bundle, entry) as source, path.open("xb") as target:
        while piece := source.read(CHUNK):
            written += len(piece)
            if written > MOST_BYTES:
                raise InputError(_("The archive is larger than it says; it was not unpacked."))
            target.write(piece)
    return written


@contextmanager
def _readable(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """The entry's bytes; InputError where they are damaged, encrypted, or packed in an unknown way."""
    try:
        with bundle.open(entry) as source:
            yield source
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        raise InputError(_("The archive is damaged or encrypted; get the model bundle again.")) from None
