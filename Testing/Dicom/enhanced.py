"""Enhanced multi-frame MR images (PS3.3 A.36) made of classic slices, for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

SHARED_BY_FILE = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate")
SHARED_REST = ("StudyTime", "StudyID", "AccessionNumber", "FrameOfReferenceUID", "SeriesNumber", "SeriesDescription")
PIXELS = ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit")


def enhance(series: Path, frame_type: Sequence[str], b_values: Sequence[float | None] = (None,)) -> Path:
    """Replaces the classic files of a folder by one enhanced file; frames in reverse order, once for each b-value.

    The pixels of the frames of one b-value are the stored ones plus the b-value.
    """
    classic = [dcmread(path) for path in sorted(series.glob("*.dcm"))]
    image = _shared(classic[0], frame_type)
    pairs = [(slice_, b) for b in b_values for slice_ in reversed(classic)]
    image.PerFrameFunctionalGroupsSequence = [_frame(slice_, b, frame_type) for slice_, b in pairs]
    image.NumberOfFrames = len(pairs)
    image.PixelData = np.stack([slice_.pixel_array + np.uint16(b or 0) for slice_, b in pairs]).tobytes()
    for path in series.glob("*.dcm"):
        path.unlink()
    image.save_as(series / "enhanced.dcm", enforce_file_format=True)
    return series / "enhanced.dcm"


def _shared(classic: Dataset, frame_type: Sequence[str]) -> Dataset:
    image = Dataset()
    for keyword in (*SHARED_BY_FILE, *SHARED_REST, *PIXELS):
        image[keyword] = classic[keyword]
    image.PixelRepresentation, image.Modality = 0, "MR"
    image.SOPClassUID, image.SOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    image.SeriesInstanceUID, image.InstanceNumber = generate_uid(), 1
    image.ImageType = [*frame_type[:2], "MIXED", "NONE"]
    image.EchoPulseSequence = "SPIN" if classic.ScanningSequence == "SE" else "GRADIENT"
    image.EchoPlanarPulseSequence = "YES" if classic.ScanningSequence == "EP" else "NO"
    shared = Dataset()
    shared.PixelMeasuresSequence = [_item(classic, "PixelSpacing", "SliceThickness", "SpacingBetweenSlices")]
    shared.PlaneOrientationSequence = [_item(classic, "ImageOrientationPatient")]
    shared.MRTimingAndRelatedParametersSequence = [_item(classic, "RepetitionTime")]
    echo = Dataset()
    echo.EffectiveEchoTime = float(classic.EchoTime)
    shared.MREchoSequence = [echo]
    image.SharedFunctionalGroupsSequence = [shared]
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    return image


def _frame(classic: Dataset, b_value: float | None, frame_type: Sequence[str]) -> Dataset:
    frame = Dataset()
    frame.PlanePositionSequence = [_item(classic, "ImagePositionPatient")]
    kind = Dataset()
    kind.FrameType = list(frame_type)
    frame.MRImageFrameTypeSequence = [kind]
    rescale = Dataset()
    rescale.RescaleSlope = str(classic.get("RescaleSlope", 1))
    rescale.RescaleIntercept = str(classic.get("RescaleIntercept", 0))
    frame.PixelValueTransformationSequence = [rescale]
    if b_value is not None:
        diffusion = Dataset()
        diffusion.DiffusionBValue = float(b_value)
        diffusion.DiffusionDirectionality = "ISOTROPIC" if b_value else "NONE"
        frame.MRDiffusionSequence = [diffusion]
    return frame


def _item(classic: Dataset, *keywords: str) -> Dataset:
    item = Dataset()
    for keyword in keywords:
        item[keyword] = classic[keyword]
    return item
