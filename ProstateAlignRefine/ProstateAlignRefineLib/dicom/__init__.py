"""DICOM in and out: series matching, loading, segmentation objects."""

from .load import load_study
from .match.several import OtherStudiesError, SeveralStudiesError
from .match.studies import ListedStudy, list_studies
from .write.deidentify import deidentified
from .write.dicom_context import link_to_dicom, write_research_study
from .write.map_series import write_map
from .write.pdf import write_pdf_report
from .write.provenance import SegmentationInfo
from .write.seg import write_gland, write_segmentation
from .write.seg_type import SegType
from .write.series import StudyLabel, synthetic_label, write_study
from .write.source_headers import load_headers, save_headers
from .write.sr import write_measurements

__all__ = [
    "ListedStudy",
    "OtherStudiesError",
    "SegType",
    "SegmentationInfo",
    "SeveralStudiesError",
    "StudyLabel",
    "deidentified",
    "link_to_dicom",
    "list_studies",
    "load_headers",
    "load_study",
    "save_headers",
    "synthetic_label",
    "write_gland",
    "write_map",
    "write_measurements",
    "write_pdf_report",
    "write_research_study",
    "write_segmentation",
    "write_study",
]
