"""De-identified headers for exports, on request only."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydicom.dataset import Dataset

from ...core.errors import InputError
from ...core.study import Modality
from .ascii_text import checked_text
from .provenance import is_of_no_patient
from .source_headers import source_header

METHOD = "Patient and study data removed; UIDs and creation dates kept"
_EMPTIED = ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime")
_REMOVED = ("StudyDescription", "SeriesDescription")


def deidentified(
    headers: Mapping[Modality, Sequence[Dataset]], pseudonym: str
) -> Mapping[Modality, tuple[Dataset, ...]]:
    """Copies of source headers without the patient: results written with them name nobody.

    Name and ID become `pseudonym`; birth date, sex, accession number, study ID, study date and time, and descriptions
    go. UIDs stay, since a result must refer to its images, and so do the dates on which results are made: this is less
    than the basic profile of DICOM PS3.15 Annex E. The copies say that they are de-identified and how (0012,0062 and
    0012,0063); where the sources already were, their method stays named first. InputError for an unusable pseudonym,
    and for a study that is no patient's: only its Patient ID keeps its results out of clinical archives.
    """
    checked_text(pseudonym, "pseudonym")
    if any(letter in pseudonym for letter in "^="):
        raise InputError("The pseudonym holds ^ or =, which part a name in DICOM; use letters, digits and hyphens.")
    if any(is_of_no_patient(header) for slices in headers.values() for header in slices):
        raise InputError(
            "The study is a research or synthetic one, whose Patient ID says so and names nobody; "
            "export it without a pseudonym."
        )
    return MappingProxyType(
        {
            modality: tuple(_without_patient(header, pseudonym) for header in slices)
            for modality, slices in headers.items()
        }
    )


def _without_patient(header: Dataset, pseudonym: str) -> Dataset:
    header = copy.deepcopy(source_header(header))
    header.PatientName, header.PatientID = f"{pseudonym}^", pseudonym
    for keyword in _EMPTIED:
        setattr(header, keyword, "")
    for keyword in _REMOVED:
        header.pop(keyword, None)
    earlier = header.get("DeidentificationMethod") if header.get("PatientIdentityRemoved") == "YES" else None
    methods = [earlier] if isinstance(earlier, str) else list(earlier or [])
    if not methods:
        header.pop("DeidentificationMethodCodeSequence", None)
    header.PatientIdentityRemoved, header.DeidentificationMethod = "YES", [*methods, METHOD]
    return header
