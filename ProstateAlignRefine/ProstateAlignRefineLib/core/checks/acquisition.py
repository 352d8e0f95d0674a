"""When, and of whom, the three series were acquired, from their DICOM headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..cautions import Caution, caution
from ..errors import InputError
from ..study import Modality

Headers = Mapping[Modality, Sequence[Any]]

LONG = timedelta(minutes=60)
"""A prostate protocol takes 15 to 45 minutes; after an hour the patient has been on the table twice."""
OTHER_DAY = timedelta(hours=12)
OLDEST = 1985  # no scanner before

IDENTITY = {"PatientID": "patient ID", "PatientBirthDate": "birth date"}
# Ends of what names the moment of acquisition, the surest first.
MOMENTS = ("AcquisitionDateTime", ("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"))


def check_same_patient(headers: Headers) -> None:
    """InputError where two series name different patients; what a header leaves empty is no difference."""
    for keyword, words in IDENTITY.items():
        values = {
            modality: {text for header in slices if (text := _text(header, keyword))}
            for modality, slices in headers.items()
        }
        held = {modality: found for modality, found in values.items() if found}
        if len(set().union(*held.values())) > 1:
            names = ", ".join(modality.name for modality in held)
            raise InputError(
                f"The series do not belong to one patient: their {words} differs ({names}); give series of one "
                "examination."
            )


def acquisition_cautions(headers: Headers) -> tuple[Caution, ...]:
    """Where diffusion was acquired long before or after the T2W; times that cannot be true are left out."""
    t2w = _times(headers.get(Modality.T2W, ()))
    found = []
    for modality in (Modality.ADC, Modality.HBV):
        times = _times(headers.get(modality, ()))
        gap = _gap(t2w, times) if t2w and times else timedelta()
        if gap <= LONG:
            continue
        other_day = gap > OTHER_DAY and t2w[0].date() != times[0].date()
        code = "dwi-other-day" if other_day else "dwi-late"
        days = abs((times[0].date() - t2w[0].date()).days)
        when = _days(days) if other_day else f"{gap.total_seconds() / 60:.0f} min"
        order = "before" if times[0] < t2w[0] else "after"
        found.append(caution(code, volume=modality.name, time=when, order=order))
    return tuple(found)


def _days(count: int) -> str:
    return f"{count} day{'s' if count != 1 else ''}"


def _gap(first: Sequence[datetime], second: Sequence[datetime]) -> timedelta:
    """Between the end of one series and the beginning of the other; zero where they overlap."""
    return max(first[0] - second[-1], second[0] - first[-1], timedelta())


def _times(headers: Sequence[Any]) -> list[datetime]:
    """Sorted; the moments of one kind, the first kind that all have."""
    frames = [frame for header in headers for frame in _frames(header)]
    if frames:
        return sorted(frames)
    for kind in MOMENTS:
        moments = [moment for header in headers if (moment := _moment(header, kind)) is not None]
        if moments and len(moments) == len(headers):
            return sorted(moments)
    return []


def _frames(header: Any) -> list[datetime]:
    """Of an enhanced image's frames."""
    found = []
    for group in header.get("PerFrameFunctionalGroupsSequence") or ():
        for content in group.get("FrameContentSequence") or ():
            moment = _parsed(_text(content, "FrameAcquisitionDateTime"))
            found += [moment] if moment is not None else []
    return found


def _moment(header: Any, kind: str | tuple[str, str]) -> datetime | None:
    if isinstance(kind, str):
        return _parsed(_text(header, kind))
    day, hour = (_text(header, keyword) for keyword in kind)
    day = day or _text(header, "StudyDate")
    return _parsed(day + hour) if day and hour else None


def _parsed(text: str) -> datetime | None:
    """DICOM DT or DA + TM, to the minute at least; None where it is no moment. Midnight sharp stands for 'removed'."""
    digits = text.split(".", maxsplit=1)[0].split("+", maxsplit=1)[0].replace(":", "")
    try:
        moment = datetime.strptime(digits[:14], "%Y%m%d%H%M%S" if len(digits) >= 14 else "%Y%m%d%H%M")
    except ValueError:
        return None
    plausible = OLDEST <= moment.year <= datetime.now().year + 1
    return moment if plausible and (moment.hour, moment.minute, moment.second) != (0, 0, 0) else None


def _text(header: Any, keyword: str) -> str:
    try:
        return str(header.get(keyword) or "").strip()
    except Exception:  # a value that pydicom refuses to read tells nothing
        return ""
