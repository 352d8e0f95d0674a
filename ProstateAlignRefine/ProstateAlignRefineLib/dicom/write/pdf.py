"""A report as Encapsulated PDF (PS3.3 A.45.1) in the patient's study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from ...core.errors import InputError
from ...core.storage.files import replacing_file
from ...core.study import Modality
from ..quiet import quietly, silent
from ..read.dataset import read_image
from .ascii_text import checked_text
from .codes import DIAGNOSTIC_REPORT
from .provenance import ALGORITHM, PRODUCT, SERIES_OFFSET, SegmentationInfo
from .source_headers import IDENTITY_AND_STUDY, UTF_8, check_placed, result_series_number, source_header

DESCRIPTION = "Prostate lesion report, AI and reader, for research"
_FIRST_BYTES = b"%PDF-"
_OFFSET = SERIES_OFFSET + 4


@silent()
def write_pdf_report(
    pdf: bytes, headers: Mapping[Modality, Sequence[Dataset]], info: SegmentationInfo, path: Path
) -> None:
    """Writes the document as a DICOM object that names the T2W images as its sources.

    Patient and study are those of `headers`, which may be de-identified; the document's own text is not looked at. It
    is not verified: no person has signed it. The file takes its name only after its document was read back. InputError
    where `pdf` is none.
    """
    if not pdf.startswith(_FIRST_BYTES):
        raise InputError("The report is no PDF; make it again.")
    check_placed(headers)
    sources = [source_header(header) for header in headers[Modality.T2W]]
    with replacing_file(path) as temporary:
        with quietly("DICOM report"):
            _document(pdf, sources, info).save_as(temporary, enforce_file_format=True)
            equal = read_pdf_report(temporary) == pdf
        if not equal:
            raise InputError("The DICOM report did not read back as written and was not kept; try again.")


def read_pdf_report(path: Path) -> bytes:
    """The document without the byte that makes its length even."""
    stored = read_image(path)
    return bytes(stored.EncapsulatedDocument[: stored.EncapsulatedDocumentLength])


def _document(pdf: bytes, sources: Sequence[Dataset], info: SegmentationInfo) -> Dataset:
    now = datetime.now()
    document = Dataset()
    for keyword in IDENTITY_AND_STUDY:
        if keyword in sources[0]:
            document[keyword] = sources[0][keyword]
    document.ReferringPhysicianName = ""
    document.SOPClassUID, document.SOPInstanceUID = EncapsulatedPDFStorage, generate_uid()
    document.SpecificCharacterSet = sources[0].get("SpecificCharacterSet") or UTF_8
    document.Modality, document.SeriesInstanceUID = "DOC", generate_uid()
    document.SeriesNumber, document.InstanceNumber = result_series_number(sources[0], _OFFSET), 1
    document.SeriesDescription = document.DocumentTitle = checked_text(DESCRIPTION, "description")
    document.Manufacturer, document.ManufacturerModelName = PRODUCT, ALGORITHM
    document.SoftwareVersions = checked_text(info.version, "version")
    document.DeviceSerialNumber = info.weights_sha256[:16]
    document.ConversionType = "WSD"
    document.ContentDate, document.ContentTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    document.AcquisitionDateTime = ""
    document.BurnedInAnnotation = "YES"  # the text may name the patient, as the headers do
    document.VerificationFlag = "UNVERIFIED"
    document.ConceptNameCodeSequence = [_coded()]
    document.SourceInstanceSequence = [_reference(source) for source in sources]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(pdf)
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document.file_meta.MediaStorageSOPClassUID = document.SOPClassUID
    document.file_meta.MediaStorageSOPInstanceUID = document.SOPInstanceUID
    return document


def _coded() -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = DIAGNOSTIC_REPORT
    return item


def _reference(source: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item
