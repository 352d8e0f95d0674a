"""DICOM in and out: series matching, loading, segmentation objects."""

from .context import link_to_dicom, write_research_study
from .deidentify import deidentified
from .headers import load_headers, save_headers
from .map_series import write_map
from .seg import SegmentationInfo, write_gland, write_segmentation
from .series_writer import StudyLabel, synthetic_label, write_study
from .sr import write_measurements
from .study import load_study

__all__ = [
    "SegmentationInfo",
    "StudyLabel",
    "deidentified",
    "link_to_dicom",
    "load_headers",
    "load_study",
    "save_headers",
    "synthetic_label",
    "write_gland",
    "write_map",
    "write_measurements",
    "write_research_study",
    "write_segmentation",
    "write_study",
]
