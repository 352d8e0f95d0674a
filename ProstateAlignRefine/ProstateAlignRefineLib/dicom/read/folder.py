"""The MR slices of a folder, read header by header; whatever cannot be used is counted, never fatal."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core.storage.files import TEMPORARY
from ...core.storage.signature import result_files
from ...core.storage.staging import STAGING_NAME
from ..quiet import silent
from .dataset import UnreadableError, read_header
from .frames import NO_MR, Frame, frames_of
from .values import number_of, sound, value_of

NOT_DICOM = "not a DICOM file"
COPY, SAME_UID = "copy of another file", "the SOP Instance UID of another image"
_NO_DAMAGE = (NOT_DICOM, NO_MR, COPY, "not a regular file")  # what folders hold besides slices
# Names that exporters give by counting; others may hold a patient's name or number.
_COUNTED = re.compile(
    r"((im|img|image|i|mr|mri|slice|file|t2w?|adc|hbv|dwi|x|\d{1,3})[-_ .]?)?\d{1,6}(\.(dcm|ima))?", re.I
)


@dataclass(frozen=True)
class DamagedFile:
    """One file that cannot be used. `name`: the plain file name where it is a mere count, else empty. `series`: UID,
    and `series_number`, where its header still tells them."""

    reason: str
    name: str
    series: str = ""
    series_number: int | None = None


@dataclass(frozen=True)
class FolderContents:
    """`series`: the slices by Series Instance UID, in the order found. `skipped`: how many files, by reason.
    `damaged`: those among them that should have been slices."""

    series: Mapping[str, tuple[Frame, ...]]
    skipped: Mapping[str, int]
    damaged: tuple[DamagedFile, ...] = ()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Of all series, in the order of the series."""
        return tuple(frame for frames in self.series.values() for frame in frames)


@silent()
def scan_folder(folder: Path) -> FolderContents:
    """Every MR slice in `folder` and below, linked folders too. Copies of an instance count as skipped."""
    series: dict[str, list[Frame]] = {}
    skipped: Counter[str] = Counter()
    damaged: list[DamagedFile] = []
    seen: dict[str, Frame] = {}
    for path in files_in(folder):
        try:
            frames = frames_of(read_header(path), path)
            _check_new(frames[0], seen)
        except UnreadableError as reason:
            if str(reason) == NOT_DICOM and path.name.startswith("."):
                continue  # .DS_Store, ._0001.dcm: what other systems leave beside files
            skipped[str(reason)] += 1
            if str(reason) not in _NO_DAMAGE:
                damaged.append(_damaged(path, str(reason)))
            continue
        series.setdefault(frames[0].series, []).extend(frames)
    return FolderContents({uid: tuple(frames) for uid, frames in series.items()}, dict(skipped), tuple(damaged))


def files_in(folder: Path) -> Iterator[Path]:
    """Every file in `folder` and below, by name, but those this program wrote: headers in a result are copies of the
    study's, without pixels. Links to folders are followed, each folder is seen once."""
    seen: set[tuple[int, int]] = set()
    ours: set[Path] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        entered = (name for name in sorted(folders) if name != STAGING_NAME)
        folders[:] = [name for name in entered if _is_new(Path(parent, name), seen)]
        if Path(parent) != folder:
            ours.update(result_files(Path(parent)))
        for path in (Path(parent, name) for name in sorted(names)):
            if path not in ours and not path.name.startswith(TEMPORARY):
                yield path


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    key = (found.st_dev, found.st_ino)
    new = key not in seen
    seen.add(key)
    return new


def _check_new(frame: Frame, seen: dict[str, Frame]) -> None:
    """UnreadableError where an image of this SOP Instance UID was found before."""
    earlier = seen.setdefault(frame.sop_instance, frame)
    if earlier is frame:
        return
    alike = (earlier.series, earlier.position, earlier.b_value) == (frame.series, frame.position, frame.b_value)
    raise UnreadableError(COPY if alike else SAME_UID)


def _damaged(path: Path, reason: str) -> DamagedFile:
    name = path.name if _COUNTED.fullmatch(path.name) else ""
    try:
        header = read_header(path)
    except UnreadableError:
        return DamagedFile(reason, name)
    number, uid = number_of(value_of(header, "SeriesNumber")), sound(value_of(header, "SeriesInstanceUID"))
    return DamagedFile(reason, name, str(uid or ""), None if number is None else int(number))
