"""Which studies a folder holds, of which patients: the table to choose one from, and the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset

from ...core.plain_text import plain_text
from ..quiet import silent
from ..read.dataset import UnreadableError, read_header
from ..read.folder import FolderContents, scan_folder
from ..read.frames import Frame
from ..read.source import dicom_folder
from ..read.values import sound, value_of
from .classify import SeriesVolume, classify_series
from .completeness import is_complete
from .several import OtherStudiesError

LONGEST = 40


@dataclass(frozen=True)
class ListedStudy:
    """`number` counts from 1, the oldest study first. `patient`: name and ID, for the eyes of the user who asked for
    this table, and for no log, file or message. `date`: ISO, empty where it is not told. `series`: number and
    description of each. `complete`: whether T2W, ADC and HBV are there, or what they are computed from."""

    number: int
    uid: str
    patient: str = field(repr=False)
    date: str
    description: str
    series: tuple[str, ...]
    complete: bool


@silent()
def list_studies(source: Path) -> tuple[ListedStudy, ...]:
    """Of a folder or a zip, with their patients; InputError where it is neither."""
    with dicom_folder(source) as folder:
        contents = scan_folder(folder)
        return tuple(_listed(number, frames) for number, frames in enumerate(_by_study(contents), start=1))


def of_study(contents: FolderContents, study: str) -> FolderContents:
    """What belongs to one study, named by its number in the table or its Study Instance UID; all where it is empty.
    InputError where there is none of that name."""
    if not study:
        return contents
    studies = _by_study(contents)
    found = [frames for number, frames in enumerate(studies, start=1) if study in (str(number), frames[0].study)]
    if not found:
        raise OtherStudiesError(
            f"The folder holds no study of this number or Study Instance UID, but {len(studies)} others; "
            "see them with `inspect --studies`."
        )
    uid = found[0][0].study
    series = {name: frames for name, frames in contents.series.items() if frames[0].study == uid}
    damaged = tuple(one for one in contents.damaged if one.series in ("", *series))
    return replace(contents, series=series, damaged=damaged)


def as_table(studies: Sequence[ListedStudy]) -> str:
    """For the screen of the user who asked for it: a line a study, and its series below."""
    head = ("study", "patient", "date", "description", "T2W, ADC, HBV")
    rows = [head, *((str(s.number), s.patient, s.date or "?", s.description, _found(s)) for s in studies)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    for line, listed in zip(range(len(studies), 0, -1), reversed(studies), strict=True):
        lines.insert(line + 1, f"       {listed.uid}: {', '.join(listed.series)}")
    return "\n".join(lines)


def _found(listed: ListedStudy) -> str:
    return "yes" if listed.complete else "no"


def _by_study(contents: FolderContents) -> list[tuple[Frame, ...]]:
    """The frames of each, the oldest first: the order tells them apart, so it must be the same each time."""
    studies: dict[str, list[Frame]] = {}
    for frame in contents.frames:
        studies.setdefault(frame.study, []).append(frame)
    return [tuple(studies[uid]) for _, uid in sorted((_moment(frames), uid) for uid, frames in studies.items())]


def _moment(frames: Sequence[Frame]) -> str:
    header = _header(frames[0])
    return _text(header, "StudyDate") + _text(header, "StudyTime")


def _listed(number: int, frames: tuple[Frame, ...]) -> ListedStudy:
    header = _header(frames[0])
    volumes = _volumes(frames)
    name, identity = _text(header, "PatientName").replace("^", " ").strip(), _text(header, "PatientID")
    return ListedStudy(
        number,
        frames[0].study,
        f"{name} ({identity})" if name and identity else name or identity or "without a name",
        _iso(_text(header, "StudyDate")),
        _text(header, "StudyDescription"),
        tuple(dict.fromkeys(volume.name.removeprefix("series ") for volume in volumes)),
        is_complete({volume.kind for volume in volumes}),
    )


def _volumes(frames: Sequence[Frame]) -> list[SeriesVolume]:
    series: dict[str, list[Frame]] = {}
    for frame in frames:
        series.setdefault(frame.series, []).append(frame)
    found = [volume for members in series.values() for volume in classify_series(members)]
    return sorted(found, key=lambda one: (one.frames[0].series_number or 0, one.series))


def _header(frame: Frame) -> Dataset:
    try:
        return read_header(frame.path)
    except UnreadableError:
        return Dataset()  # it was there a moment ago


def _text(header: Dataset, keyword: str) -> str:
    return plain_text(str(sound(value_of(header, keyword)) or ""), LONGEST).strip()


def _iso(date: str) -> str:
    try:
        return datetime.strptime(date, "%Y%m%d").date().isoformat()
    except ValueError:
        return ""
