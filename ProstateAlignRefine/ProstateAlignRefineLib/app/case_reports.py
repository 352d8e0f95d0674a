"""The report of the reading at hand: as HTML, PDF, or a PDF within DICOM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.geometry import resample, to_array
from ..core.orientation import axial_order
from ..core.storage.files import replacing_file
from ..core.study import Modality
from ..results.case_report import CaseReport
from ..results.html_report import html_report, rich_text_report
from ..results.review import Decision
from ..results.slice_pictures import Slices
from ..scene.reading import Reading
from ..scene.terminology import AUTOMATIC
from ..scene.volumes import image_of
from .exports import dicom_info, headers_of
from .i18n import _
from .pdf import write_pdf
from .study_source import DicomHeaders

PATIENT = (
    ("PatientName", "Patient"),
    ("PatientID", "Patient ID"),
    ("PatientBirthDate", "Birth date"),
    ("StudyDate", "Study date"),
    ("AccessionNumber", "Accession number"),
)
HTML, PDF, DICOM = ".html", ".pdf", ".dcm"


def write_case_report(reading: Reading, headers: DicomHeaders, path: Path) -> None:
    """By the file's suffix. The patient is named where the study's DICOM files are known, as in every DICOM export."""
    known = headers.of_all(reading.inputs)
    case = case_of(reading, known.get(Modality.T2W, ()))
    if path.name.endswith(HTML):
        with replacing_file(path) as temporary:
            temporary.write_text(html_report(case), encoding="utf-8")
    elif path.name.endswith(PDF):
        with replacing_file(path) as temporary:
            write_pdf(rich_text_report(case), temporary)
    elif path.name.endswith(DICOM):
        write_dicom_pdf(reading, headers, path)
    else:
        raise InputError(_("Give the file a name that ends on .html, .pdf or .dcm."))


def write_dicom_pdf(reading: Reading, headers: DicomHeaders, path: Path) -> None:
    """InputError where the study's DICOM files are not known."""
    from ..dicom import write_pdf_report

    sources = headers_of(reading, headers)
    case = case_of(reading, sources[Modality.T2W])
    with TemporaryDirectory(prefix="prostate-align-refine-") as folder:
        pdf = Path(folder) / "report.pdf"
        write_pdf(rich_text_report(case), pdf)
        write_pdf_report(pdf.read_bytes(), sources, dicom_info(reading), path)


def case_of(reading: Reading, headers: Sequence[Any] = ()) -> CaseReport:
    """`headers`: of the T2W; empty for a report that names nobody."""
    kept = [found for found in reading.lesions if found.kept]
    rejected = sum(found.decision is Decision.REJECTED for found in reading.lesions)
    return CaseReport(
        slices=_slices(reading),
        lesions=kept,
        run=reading.run,
        setting=reading.setting,
        names=reading.slice_names,
        gland=reading.anatomy.gland,
        rejected=rejected,
        waiting=len(reading.lesions) - len(kept) - rejected,
        by_hand=reading.algorithm_type != AUTOMATIC,
        patient=_patient(headers[0]) if headers else (),
    )


def _slices(reading: Reading) -> Slices:
    """In axial order, however the T2W is stored."""
    maps = reading.maps
    order = axial_order(maps.grid)
    volumes = {
        modality: order.of_array(to_array(resample(image_of(node), maps.grid)))
        for modality, node in zip(Modality, reading.inputs, strict=True)
    }
    gland = maps.gland()
    lesions = order.of_array(reading.labels() > 0)
    return Slices(
        volumes,
        order.of_grid(maps.grid),
        lesions,
        np.zeros_like(lesions),
        None if gland is None else order.of_array(gland),
    )


def _patient(header: Any) -> tuple[tuple[str, str], ...]:
    found = ((name, _shown(keyword, str(header.get(keyword) or ""))) for keyword, name in PATIENT)
    return tuple((name, value) for name, value in found if value)


def _shown(keyword: str, value: str) -> str:
    """A DICOM date with hyphens; anything else as it is."""
    is_date = keyword.endswith("Date") and len(value) == 8 and value.isdecimal()
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if is_date else value
