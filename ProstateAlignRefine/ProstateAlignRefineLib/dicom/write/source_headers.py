"""Source headers that results refer to: only what they need, complete where the standard wants it, saved as files."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DA, TM, PersonName

from ...core.errors import InputError
from ...core.geometry import Grid
from ...core.orientation import order_between
from ...core.study import Modality
from ..match.classify import classify_series
from ..quiet import silent
from ..read.dataset import UnreadableError, read_header, read_packed_header
from ..read.frames import frames_of
from ..read.stack import Stack
from ..read.values import number_of
from .mending import sound_copy

# Everything a result takes over from its sources; whatever else a header holds stays behind.
_IDENTITY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID")
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "PatientIdentityRemoved")
_STUDY_REST = ("DeidentificationMethod", "DeidentificationMethodCodeSequence", "SpecificCharacterSet")
_SERIES = ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "Modality", "FrameOfReferenceUID")
_SERIES_REST = ("PositionReferenceIndicator", "BodyPartExamined", "PatientPosition", "Manufacturer")
_IMAGE = ("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "ImageType", "Rows", "Columns", "NumberOfFrames")
_PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices")
_PIXELS = ("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit")
_PIXELS_REST = ("PixelRepresentation", "EchoTime", "DiffusionBValue")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_DIMENSIONS = ("DimensionOrganizationSequence", "DimensionIndexSequence", "DimensionOrganizationType")
# Of what enhanced images say of their frames: others hold comments, and all that was in the header of a converted file.
_OF_FRAMES = frozenset(
    (
        *("PixelMeasuresSequence", *_PLANE, "PlanePositionSequence", "PlaneOrientationSequence"),
        *("MRImageFrameTypeSequence", "FrameType", "MREchoSequence", "EffectiveEchoTime"),
        *("MRTimingAndRelatedParametersSequence", "RepetitionTime"),
        *("MRDiffusionSequence", "DiffusionBValue", "DiffusionDirectionality"),
        *("DiffusionGradientDirectionSequence", "DiffusionGradientOrientation"),
        *("FrameContentSequence", "DimensionIndexValues", "InStackPositionNumber", "TemporalPositionIndex"),
        *("DimensionOrganizationUID", "DimensionIndexPointer", "FunctionalGroupPointer"),
    )
)
IDENTITY_AND_STUDY = (*_IDENTITY, *_STUDY, *_STUDY_REST)
CARRIED = (
    *IDENTITY_AND_STUDY, *_SERIES, *_SERIES_REST, *_IMAGE, *_PLANE, *_PIXELS, *_PIXELS_REST, *_GROUPS,
    *_DIMENSIONS,
)  # fmt: skip
_TYPE_2 = (*_IDENTITY, "StudyDate", "StudyTime", "PositionReferenceIndicator", "ReferringPhysicianName", "Manufacturer")


HEADERS_NAME = "headers.zip"
UTF_8 = "ISO_IR 192"
GB_2312 = "\x1b$)A"
"""PS3.3 Table C.12-4: an escape sequence."""
_TEXTS = frozenset({"PN", "LO", "SH", "ST", "LT", "UC", "UT"})
_MOST_BYTES = 2**25  # of one header: enhanced images tell each of their frames
_MOST_SERIES = 2**31 - 10000  # VR IS, with room for what results add


def source_header(header: Dataset) -> Dataset:
    """A copy that results can refer to: the attributes named in `CARRIED`, empty type 2 ones where they lack.

    De-identified studies often lack type 2 attributes that writers of results ask for, and some archives hold dates,
    times or sexes that are none, or values that cannot be decoded; a result leaves those empty. Slice Thickness, type 2
    in MR, is filled with the slice distance, or 1 mm.
    """
    return mended_header(header)[0]


def mended_header(header: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """`source_header`, and the keywords of the values that it leaves out since they cannot be decoded."""
    copy, damaged = sound_copy(header, CARRIED)
    for keyword in (*_GROUPS, *_DIMENSIONS):
        if keyword in copy and copy[keyword].VR == "SQ":
            for item in copy[keyword].value:
                _keep_of_frames(item)
    for keyword in _TYPE_2:
        if copy.get(keyword) is None or not _is_sound(keyword, copy[keyword].value):
            setattr(copy, keyword, "")
    if "PixelSpacing" in copy and not _is_thickness(copy.get("SliceThickness")):
        step = copy.get("SpacingBetweenSlices")
        copy.SliceThickness = step if _is_thickness(step) else "1"
    _set_character_set(copy)
    copy.file_meta = _file_meta(copy)
    return copy, damaged


def check_placed(headers: Mapping[Modality, Sequence[Dataset]]) -> None:
    """InputError where there are no T2W headers, or they name no frame of reference."""
    t2w = headers.get(Modality.T2W, ())
    if not t2w:
        raise InputError("There are no DICOM headers that a result could refer to; use the image files instead.")
    if not all(header.get("FrameOfReferenceUID") for header in t2w):
        raise InputError(
            "The T2W series has no frame of reference, so nothing can be placed on it in DICOM; "
            "use the volumes as image files instead."
        )


def _keep_of_frames(item: Dataset) -> None:
    """Leaves, in the item and those within it, what results need of frames."""
    for element in list(item):
        if element.keyword not in _OF_FRAMES:
            del item[element.tag]
        elif element.VR == "SQ":
            for inner in element.value:
                _keep_of_frames(inner)


def _is_thickness(value: object) -> bool:
    number = number_of(value)
    return number is not None and number > 0


def with_slice_step(header: Dataset, step: float) -> Dataset:
    """The header with the measured slice distance, mm: Spacing Between Slices (0018,0088) is wrong in many series."""
    groups = [group for keyword in _GROUPS for group in header.get(keyword, [])]
    for place in [item for group in groups for item in group.get("PixelMeasuresSequence", [])] or [header]:
        place.SpacingBetweenSlices = f"{step:.10g}"
    return header


def result_series_number(source: Dataset, offset: int) -> int:
    """The series number of a result, so that results follow their source."""
    try:
        number = int(source.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        number = 0
    return offset + (number if 0 <= number < _MOST_SERIES else 0)


def _is_sound(keyword: str, value: object) -> bool:
    """Whether a date, time or sex is one; anything else passes."""
    kinds: Mapping[str, type[DA | TM]] = {"PatientBirthDate": DA, "StudyDate": DA, "StudyTime": TM}
    if keyword == "PatientSex":
        return value in ("M", "F", "O", "")
    if keyword not in kinds or value in ("", None):
        return True
    try:
        kinds[keyword](str(value))
    except ValueError:
        return False
    return True


def _set_character_set(header: Dataset) -> None:
    """UTF-8 in place of code extensions, which Japanese and Korean studies use and highdicom does not write.

    The empty value means the same as none.
    """
    stored = header.get("SpecificCharacterSet")
    if not stored:
        header.pop("SpecificCharacterSet", None)
    elif not isinstance(stored, str) or stored.startswith("ISO 2022") or stored not in python_encoding:
        _drop_escapes(header)
        header.SpecificCharacterSet = UTF_8


def _drop_escapes(header: Dataset) -> None:
    """Of Chinese names (ISO 2022 IR 58): pydicom decodes their letters, but leaves what announces them."""
    for element in header:
        if element.VR in _TEXTS and isinstance(element.value, (str, PersonName)) and GB_2312 in str(element.value):
            element.value = str(element.value).replace(GB_2312, "")


def carry_character_set(source: Dataset, result: Dataset) -> None:
    """Names were taken over from `source`, so they are written as there: highdicom before 0.28 writes them in ASCII."""
    if source.get("SpecificCharacterSet"):
        result.SpecificCharacterSet = source.SpecificCharacterSet


@silent()
def save_headers(headers: Mapping[Modality, Sequence[Dataset]], folder: Path) -> None:
    """One archive of header-only DICOM files `t2w-0001.dcm` ..., in slice order: what `load_headers` needs to write
    results again."""
    folder.mkdir(parents=True, exist_ok=True)
    with ZipFile(folder / HEADERS_NAME, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for modality, slices in headers.items():
            for number, header in enumerate(slices, start=1):
                written = BytesIO()
                source_header(header).save_as(written, enforce_file_format=True)
                archive.writestr(ZipInfo(f"{modality.value}-{number:04d}.dcm"), written.getvalue(), ZIP_DEFLATED)


@silent()
def load_headers(folder: Path) -> Mapping[Modality, tuple[Dataset, ...]]:
    """What `save_headers` wrote, or versions that wrote a file a slice; InputError where a file is damaged."""
    try:
        archive = folder / HEADERS_NAME
        stored = _archived(archive) if archive.is_file() else _single_files(folder)
        return MappingProxyType(
            {
                modality: tuple(stored[name] for name in sorted(stored) if name.startswith(f"{modality.value}-"))
                for modality in Modality
            }
        )
    except (UnreadableError, BadZipFile, zlib.error, OSError):
        raise InputError("The stored DICOM headers are damaged; run the segmentation again.") from None


def _archived(path: Path) -> Mapping[str, Dataset]:
    """The archive's headers by name, each with its checksum right."""
    with ZipFile(path) as archive:
        if any(member.file_size > _MOST_BYTES for member in archive.infolist()):
            raise UnreadableError("too large to read")
        return {member.filename: read_packed_header(archive.read(member)) for member in archive.infolist()}


def _single_files(folder: Path) -> Mapping[str, Dataset]:
    return {path.name: read_header(path) for path in folder.glob("*.dcm")}


def source_stack(headers: Sequence[Dataset], like: Grid) -> Stack:
    """The slices that these headers describe; of several volumes in an enhanced image the one that lies on `like`.

    InputError where the slices make no regular volume.
    """
    try:
        frames = [frame for header in headers for frame in frames_of(header, Path())]
    except UnreadableError:
        frames = []
    stacks = [candidate.stack for candidate in classify_series(frames)] if frames else []
    sound = [stack for stack in stacks if stack is not None]
    if not sound:
        raise InputError("The DICOM headers of the T2W series make no regular volume; take the whole series.")
    return next((stack for stack in sound if order_between(like, stack.grid) is not None), sound[0])


def _file_meta(header: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = header.SOPClassUID
    meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    return meta
