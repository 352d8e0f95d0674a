"""What the segments are, in DICOM's words: the tags that Slicer's own editor and exporters read."""

from __future__ import annotations

import slicer
import vtk

from ..core.assessment import stored_assessment
from ..core.palette import LESION_RGB
from ..results.review import FoundLesion
from .mrml import MrmlSegment

CATEGORY = "SCT^49755003^Morphologically Altered Structure"
LESION = "SCT^52988006^Lesion"
PROSTATE = "SCT^41216001^Prostate"
TERMINOLOGY = (
    f"Segmentation category and type - DICOM master list~{CATEGORY}~{LESION}~^^"
    f"~Anatomic codes - DICOM master list~{PROSTATE}~^^"
)

GLAND_TERMINOLOGY = (
    "Segmentation category and type - DICOM master list~SCT^123037004^Anatomical Structure~" + PROSTATE + "~^^"
    "~Anatomic codes - DICOM master list~^^~^^"
)

ALGORITHM_NAME = "ProstateAlignRefine"
AUTOMATIC, SEMIAUTOMATIC = "AUTOMATIC", "SEMIAUTOMATIC"

ALGORITHM_TYPE_TAG = "DICOM.SegmentAlgorithmType"
ALGORITHM_NAME_TAG = "DICOM.SegmentAlgorithmName"
TRACKING_TAG = "DICOM.TrackingUID"
NUMBER_TAG = "ProstateAlignRefine.Lesion"
DECISION_TAG = "ProstateAlignRefine.Decision"
ASSESSMENT_TAG = "ProstateAlignRefine.Assessment"


def tag_lesion(segment: MrmlSegment, found: FoundLesion, algorithm_type: str) -> None:
    """Terminology, algorithm, Tracking UID (0062,0021), our own numbering, and what the reader said of it.

    `algorithm_type`: Segment Algorithm Type (0062,0008), AUTOMATIC or SEMIAUTOMATIC.
    """
    segment.SetTag(segment.GetTerminologyEntryTagName(), TERMINOLOGY)
    segment.SetTag(ALGORITHM_TYPE_TAG, algorithm_type)
    segment.SetTag(ALGORITHM_NAME_TAG, ALGORITHM_NAME)
    segment.SetTag(TRACKING_TAG, found.uid)
    segment.SetTag(NUMBER_TAG, str(found.lesion.number))
    segment.SetTag(DECISION_TAG, found.decision.value)
    segment.SetTag(ASSESSMENT_TAG, stored_assessment(found.assessment))


def tag_of(segment: MrmlSegment, name: str) -> str:
    """The tag's text, empty where the segment has none."""
    text = vtk.reference("")
    return str(text) if segment.GetTag(name, text) else ""


def new_segment(name: str, colour: tuple[int, int, int] = LESION_RGB) -> MrmlSegment:
    """`colour`: red, green, blue of 0 to 255."""
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetColor(*(channel / 255 for channel in colour))
    return segment
