"""What finding the series needs to know of each MR image: classic files and frames of enhanced files alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage, MRImageStorage

from ...core.plain_text import plain_text
from .b_value import BValue, b_value, canon_direction
from .clock import acquired_at
from .dataset import UnreadableError
from .scaling import Scaling, scalings_of
from .values import first, number_of, sound, value_of

MULTI_FRAME = (EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage)
MOST_PIXELS = 4096 * 4096  # a frame's rows x columns; no MR image comes near
MOST_FRAMES = 20000
NO_MR, CUT_OFF = "not an MR image", "a header that is cut off"


@dataclass(frozen=True)
class Frame:
    """One MR slice, its pixels still in the file.

    `position` (0020,0032) and `orientation` (0020,0037) in LPS mm; `spacing` (0028,0030): between rows, between
    columns, mm. `number` counts the frames of its file from 0. `patient` is a digest of the Patient ID, `person` one of
    name and birth date: equal for the same, unreadable, and empty where the header names none. `seconds`: when it was
    acquired, since the epoch of the scanner's clock. `echo_time`, `repetition_time` in ms. `direction` tells diffusion
    frames of one b-value apart. `scalings`: how stored values become real ones.
    """

    path: Path
    number: int
    sop_instance: str
    series: str
    study: str
    patient: str
    person: str
    frame_of_reference: str
    series_number: int | None
    description: str
    time: str
    seconds: float | None
    image_type: tuple[str, ...]
    scanning_sequence: frozenset[str]
    echo_time: float | None
    repetition_time: float | None
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    rows: int
    columns: int
    b_value: BValue | None
    direction: str
    photometric: str
    scalings: tuple[Scaling, ...]


def frames_of(header: Dataset, path: Path) -> tuple[Frame, ...]:
    """The slices of one MR file, without pixels read; UnreadableError where it is no MR image, damaged, or lacks its
    geometry."""
    try:
        return _checked_frames(header, path)
    except UnreadableError:
        raise
    except Exception:  # values are decoded when they are asked for, so damage can show this late
        raise UnreadableError("damaged header") from None


def _checked_frames(header: Dataset, path: Path) -> tuple[Frame, ...]:
    if header.get("SOPClassUID") not in (MRImageStorage, *MULTI_FRAME):
        raise UnreadableError(CUT_OFF if _is_cut_off(header) else NO_MR)
    if not all(header.get(keyword) for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")):
        raise UnreadableError("no UID of its image, series or study")
    if not 0 < int(header.get("Rows") or 0) * int(header.get("Columns") or 0) <= MOST_PIXELS:
        raise UnreadableError("implausible image size")
    try:
        return tuple(_frame(header, groups, number, path) for number, groups in enumerate(_groups(header)))
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        raise UnreadableError("missing or damaged geometry") from None


def _is_cut_off(header: Dataset) -> bool:
    """Whether the file's own header promises an MR image, and the dataset ends before it says so, too."""
    meta = getattr(header, "file_meta", None) or {}
    promised = meta.get("MediaStorageSOPClassUID") in (MRImageStorage, *MULTI_FRAME)
    return promised and "SOPClassUID" not in header


def frame_groups(header: Dataset, number: int) -> tuple[Dataset, ...]:
    """The functional group items that hold for one frame: per-frame ones first, then the shared ones."""
    holders = [header.PerFrameFunctionalGroupsSequence[number], *header.get("SharedFunctionalGroupsSequence", [])]
    macros = [element for holder in holders for element in holder if element.VR == "SQ" and not element.tag.is_private]
    return tuple(item for macro in macros for item in macro.value)


def _groups(header: Dataset) -> Iterator[tuple[Dataset, ...]]:
    if header.SOPClassUID not in MULTI_FRAME:
        yield ()
        return
    count = len(header.get("PerFrameFunctionalGroupsSequence", []))
    if not 0 < count <= MOST_FRAMES or count != int(header.get("NumberOfFrames") or 0):
        raise UnreadableError("frames and their descriptions differ in number")
    for number in range(count):
        yield frame_groups(header, number)


def _frame(header: Dataset, groups: tuple[Dataset, ...], number: int, path: Path) -> Frame:
    places = (*groups, header)
    return Frame(
        path=path,
        number=number,
        sop_instance=str(header.SOPInstanceUID),
        series=str(header.SeriesInstanceUID),
        study=str(header.StudyInstanceUID),
        patient=_digest(header, "PatientID"),
        person=_digest(header, "PatientName", "PatientBirthDate"),
        frame_of_reference=str(sound(value_of(header, "FrameOfReferenceUID")) or ""),
        series_number=_whole(value_of(header, "SeriesNumber")),
        description=_printable(sound(value_of(header, "SeriesDescription"))),
        time=str(first((header,), "AcquisitionTime") or first((header,), "SeriesTime", "")),
        seconds=acquired_at(places),
        image_type=_image_type(places),
        scanning_sequence=_scanning_sequence(header),
        echo_time=number_of(first(places, "EffectiveEchoTime", value_of(header, "EchoTime"))),
        repetition_time=number_of(first(places, "RepetitionTime")),
        position=_numbers(first(places, "ImagePositionPatient"), 3),
        orientation=_numbers(first(places, "ImageOrientationPatient"), 6),
        spacing=_numbers(first(places, "PixelSpacing"), 2),
        rows=int(header.Rows),
        columns=int(header.Columns),
        b_value=b_value(header, groups),
        direction=_direction(places),
        photometric=str(sound(value_of(header, "PhotometricInterpretation")) or "MONOCHROME2").upper(),
        scalings=scalings_of(places),
    )


def _digest(header: Dataset, *keywords: str) -> str:
    values = [str(sound(value_of(header, keyword)) or "").strip() for keyword in keywords]
    return hashlib.sha256("/".join(values).encode("utf-8", "replace")).hexdigest() if any(values) else ""


def _image_type(places: tuple[Dataset, ...]) -> tuple[str, ...]:
    """Frame Type (0008,9007) where there is one: an enhanced file's Image Type may say MIXED."""
    value = sound(first(places, "FrameType")) or sound(first(places, "ImageType")) or ()
    return tuple(str(part).upper() for part in ([value] if isinstance(value, str) else value))


def _scanning_sequence(header: Dataset) -> frozenset[str]:
    """Scanning Sequence (0018,0020); of enhanced images, Echo Pulse Sequence and Echo Planar Pulse Sequence."""
    value = sound(value_of(header, "ScanningSequence"))
    if value:
        return frozenset([value] if isinstance(value, str) else [str(part) for part in value])
    names = {"SPIN": {"SE"}, "GRADIENT": {"GR"}, "BOTH": {"SE", "GR"}}.get(
        str(value_of(header, "EchoPulseSequence")), set()
    )
    planar = {"EP"} if value_of(header, "EchoPlanarPulseSequence") == "YES" else set()
    return frozenset(names | planar)


def _direction(places: tuple[Dataset, ...]) -> str:
    """The gradient direction of a directional diffusion frame; empty for isotropic, trace and b = 0 frames."""
    named = first(places, "DiffusionDirectionality", "")
    nested = [item for place in places for item in sound(value_of(place, "DiffusionGradientDirectionSequence")) or []]
    gradient = sound(first((*places, *nested), "DiffusionGradientOrientation")) or canon_direction(places[-1]) or None
    if named in ("ISOTROPIC", "NONE") or gradient is None:
        return ""
    return ",".join(f"{float(part):.3f}" for part in gradient)


def _printable(value: object) -> str:
    return plain_text(str(value or ""), 64).strip()


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not all(abs(number) < 1e6 for number in numbers):
        raise ValueError("geometry")
    return numbers
