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
from .b_value import BValue, b_value
from .dataset import UnreadableError

MULTI_FRAME = (EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage)
MOST_PIXELS = 4096 * 4096  # a frame's rows x columns; no MR image comes near
MOST_FRAMES = 20000


@dataclass(frozen=True)
class Frame:
    """One MR slice, its pixels still in the file.

    `position` (0020,0032) and `orientation` (0020,0037) in LPS mm; `spacing` (0028,0030): between rows, between
    columns, mm. `number` counts the frames of its file from 0. `patient` is a digest: equal for the same patient,
    and unreadable. `echo_time`, `repetition_time` in ms. `direction` tells diffusion frames of one b-value apart.
    """

    path: Path
    number: int
    sop_instance: str
    series: str
    study: str
    patient: str
    frame_of_reference: str
    series_number: int | None
    description: str
    time: str
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


def frames_of(header: Dataset, path: Path) -> tuple[Frame, ...]:
    """The slices of one MR file, without pixels read; UnreadableError where it is no MR image or lacks its geometry."""
    if header.get("SOPClassUID") not in (MRImageStorage, *MULTI_FRAME):
        raise UnreadableError("not an MR image")
    if not 0 < int(header.get("Rows") or 0) * int(header.get("Columns") or 0) <= MOST_PIXELS:
        raise UnreadableError("implausible image size")
    try:
        return tuple(_frame(header, groups, number, path) for number, groups in enumerate(_groups(header)))
    except (AttributeError, TypeError, ValueError, KeyError, IndexError):
        raise UnreadableError("missing or damaged geometry") from None


def frame_groups(header: Dataset, number: int) -> tuple[Dataset, ...]:
    """The functional group items that hold for one frame: per-frame ones first, then the shared ones."""
    holders = [header.PerFrameFunctionalGroupsSequence[number], *header.get("SharedFunctionalGroupsSequence", [])]
    macros = [element for holder in holders for element in holder if element.VR == "SQ" and not element.tag.is_private]
    return tuple(item for macro in macros for item in macro.value)


def first(items: tuple[Dataset, ...], keyword: str, otherwise: Any = None) -> Any:
    """The first value under `keyword` that is there and not empty."""
    for item in items:
        value = item.get(keyword)
        if value is not None and value != "":
            return value
    return otherwise


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
        patient=_patient(header),
        frame_of_reference=str(header.get("FrameOfReferenceUID") or ""),
        series_number=_whole(header.get("SeriesNumber")),
        description=_printable(header.get("SeriesDescription")),
        time=str(first((header,), "AcquisitionTime") or first((header,), "SeriesTime", "")),
        image_type=_image_type(places),
        scanning_sequence=_scanning_sequence(header),
        echo_time=_number(first(places, "EffectiveEchoTime", header.get("EchoTime"))),
        repetition_time=_number(first(places, "RepetitionTime")),
        position=_numbers(first(places, "ImagePositionPatient"), 3),
        orientation=_numbers(first(places, "ImageOrientationPatient"), 6),
        spacing=_numbers(first(places, "PixelSpacing"), 2),
        rows=int(header.Rows),
        columns=int(header.Columns),
        b_value=b_value(header, groups),
        direction=_direction(places),
    )


def _patient(header: Dataset) -> str:
    identity = str(header.get("PatientID") or "").strip()
    if not identity:
        identity = f"{header.get('PatientName') or ''}/{header.get('PatientBirthDate') or ''}"
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()


def _image_type(places: tuple[Dataset, ...]) -> tuple[str, ...]:
    """Frame Type (0008,9007) where there is one: an enhanced file's Image Type may say MIXED."""
    value = first(places, "FrameType") or first(places, "ImageType") or ()
    return tuple(str(part).upper() for part in ([value] if isinstance(value, str) else value))


def _scanning_sequence(header: Dataset) -> frozenset[str]:
    """Scanning Sequence (0018,0020); of enhanced images, Echo Pulse Sequence and Echo Planar Pulse Sequence."""
    value = header.get("ScanningSequence")
    if value:
        return frozenset([value] if isinstance(value, str) else [str(part) for part in value])
    names = {"SPIN": {"SE"}, "GRADIENT": {"GR"}, "BOTH": {"SE", "GR"}}.get(str(header.get("EchoPulseSequence")), set())
    planar = {"EP"} if header.get("EchoPlanarPulseSequence") == "YES" else set()
    return frozenset(names | planar)


def _direction(places: tuple[Dataset, ...]) -> str:
    """The gradient direction of a directional diffusion frame; empty for isotropic, trace and b = 0 frames."""
    named = first(places, "DiffusionDirectionality", "")
    nested = [item for place in places for item in place.get("DiffusionGradientDirectionSequence", [])]
    gradient = first((*places, *nested), "DiffusionGradientOrientation")
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


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not all(abs(number) < 1e6 for number in numbers):
        raise ValueError("geometry")
    return numbers
