"""The DICOM objects of an export that may be sent: results of this program, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydicom.dataset import FileDataset
from pydicom.uid import Comprehensive3DSRStorage, EncapsulatedPDFStorage, MRImageStorage, SegmentationStorage

from ...core.errors import InputError
from ...core.storage.staging import is_unfinished
from ..quiet import silent
from ..read.dataset import UnreadableError, read_header, read_image
from ..write.provenance import PRODUCT, is_of_no_patient
from ..write.seg_type import LABEL_MAP_STORAGE

KINDS: Mapping[str, str] = {
    SegmentationStorage: "segmentation",
    LABEL_MAP_STORAGE: "label map segmentation",
    Comprehensive3DSRStorage: "structured report",
    MRImageStorage: "MR image",
    EncapsulatedPDFStorage: "PDF report",
}
_WITHOUT_PIXELS = (Comprehensive3DSRStorage, EncapsulatedPDFStorage)


@silent()
def sendable_files(paths: Sequence[Path], allow_research: bool = False) -> tuple[Path, ...]:
    """The files among `paths`, and in the folders among them, that this program made as DICOM results.

    Source headers kept beside results, and whatever other programs wrote, are passed over. InputError where nothing
    is left, or where an object belongs to a research or synthetic study and that is not allowed.
    """
    found = [path for path in _files(paths) if _is_result(path)]
    if not found:
        raise InputError("There is no DICOM result to send; export a segmentation first.")
    if not allow_research and any(is_of_no_patient(read_header(path)) for path in found):
        raise InputError(
            "The results belong to a research or synthetic study, which is not for a clinical archive; "
            "allow research studies (--allow-research, in Slicer 'Research server') if the server is meant for them."
        )
    return tuple(found)


def describe(paths: Sequence[Path]) -> str:
    """How many objects of which kind, for the screen: '1 segmentation, 19 MR images'."""
    return described([read_header(path).SOPClassUID for path in paths])


def described(classes: Sequence[str]) -> str:
    """The same of SOP classes."""
    kinds = [KINDS.get(one, "object") for one in classes]
    counted = {kind: kinds.count(kind) for kind in sorted(set(kinds), key=kinds.index)}
    return ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counted.items())


def read_object(path: Path) -> FileDataset:
    """A whole object; InputError where the file is damaged."""
    try:
        return read_image(path)
    except UnreadableError:
        raise InputError("A DICOM result is damaged and was not sent; export it again.") from None


def _files(paths: Sequence[Path]) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise InputError("A file or folder to send does not exist; check its path.")
    found = [file for path in paths for file in (sorted(path.rglob("*.dcm")) if path.is_dir() else [path])]
    found = [file for file in found if not is_unfinished(file)]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def _is_result(path: Path) -> bool:
    try:
        header = read_header(path)
    except UnreadableError:
        return False
    if header.get("Manufacturer") != PRODUCT or header.get("SOPClassUID") not in KINDS:
        return False
    # Source headers of a study that this program wrote are image headers without an image.
    return header.SOPClassUID in _WITHOUT_PIXELS or _has_pixels(path)


def _has_pixels(path: Path) -> bool:
    return "PixelData" in read_image(path)
