"""Volumes as classic MR Image Storage series (PS3.3 A.4): synthetic studies, and series derived from real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from ...core.geometry import Array, Grid, to_array
from ...core.study import Modality, Study
from ..quiet import silent
from .provenance import PHANTOM_PREFIX

# What a reader needs to know each series again; attributes of the MR Image module.
_SPIN_ECHO = {"ScanningSequence": "SE", "SequenceVariant": "SK", "EchoTime": "104", "RepetitionTime": "5660"}
_ECHO_PLANAR = {"ScanningSequence": "EP", "SequenceVariant": "SK", "EchoTime": "63", "RepetitionTime": "2700"}
_SERIES: Mapping[Modality, Mapping[str, Any]] = MappingProxyType(
    {
        Modality.T2W: {**_SPIN_ECHO, "ImageType": ["DERIVED", "SECONDARY", "OTHER"], "SeriesDescription": "T2W axial"},
        Modality.ADC: {
            **_ECHO_PLANAR,
            "ImageType": ["DERIVED", "SECONDARY", "DIFFUSION MAP", "ADC"],
            "SeriesDescription": "ADC axial, 1e-6 mm2/s",
        },
        Modality.HBV: {
            **_ECHO_PLANAR,
            "ImageType": ["DERIVED", "SECONDARY", "OTHER", "TRACEW"],
            "SeriesDescription": "DWI axial high b-value",
        },
    }
)


@dataclass(frozen=True)
class StudyLabel:
    """What a written study is called. All UIDs follow from `seed`, so the same study is the same again.

    `b_value` of the HBV series, s/mm2, where it is known. Images that are not `synthetic` get no acquisition values.
    `derivation` goes to every image's Derivation Description (0008,2111).
    """

    seed: str
    patient_name: str
    patient_id: str
    description: str
    derivation: str
    synthetic: bool
    b_value: float | None

    def uid(self, *names: str) -> str:
        """The same for the same seed and names, so that a study written twice is one study."""
        return generate_uid(entropy_srcs=[self.seed, *names])


def synthetic_label(seed: int, b_value: float = 1400.0) -> StudyLabel:
    """How a synthetic study is called; `b_value` of its HBV in s/mm2."""
    return StudyLabel(
        seed=f"synthetic {seed}",
        patient_name="Phantom^Synthetic",
        patient_id=f"{PHANTOM_PREFIX}{seed}",
        description="Synthetic prostate MRI, not of a patient",
        derivation="Synthetic image, computed, not acquired",
        synthetic=True,
        b_value=b_value,
    )


@silent()
def write_study(study: Study, folder: Path, label: StudyLabel | None = None, seed: int = 0) -> None:
    """Writes T2W, ADC and HBV into `folder`, one subfolder a series, one file a slice, in one frame of reference.

    Without a `label` it is a synthetic study, number `seed`. `load_study` reads it back on the same grids; values as
    `quantised` stores them.
    """
    label = label or synthetic_label(seed)
    for number, modality in enumerate(Modality, start=1):
        volume = study.volume(modality)
        stored, slope, intercept = quantised(to_array(volume))
        series = study_attributes(label)
        series.update(_series_attributes(modality, number, label))
        if (slope, intercept) != (1.0, 0.0):
            series.RescaleSlope, series.RescaleIntercept, series.RescaleType = (
                f"{slope:.10g}",
                f"{intercept:.10g}",
                "US",
            )
        write_series(stored, Grid.of(volume), series, folder / modality.value)


def write_series(
    pixels: NDArray[np.uint16], grid: Grid, series: Dataset, folder: Path, slices: Sequence[Dataset] = ()
) -> tuple[Path, ...]:
    """Writes [Z, Y, X] as `0001.dcm` ... in slice order; `series` holds what all its images share, `slices` the rest.

    Instance UIDs follow from the series' one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, plane in enumerate(pixels):
        image = Dataset()
        image.update(series)
        image.update(_plane_attributes(grid, index))
        if slices:
            image.update(slices[index])
        image.SOPInstanceUID = generate_uid(entropy_srcs=[str(series.SeriesInstanceUID), str(index)])
        _set_pixels(image, plane)
        image.file_meta = _file_meta(image)
        paths.append(folder / f"{index + 1:04d}.dcm")
        image.save_as(paths[-1], enforce_file_format=True)
    return tuple(paths)


def quantised(values: Array) -> tuple[NDArray[np.uint16], float, float]:
    """uint16 with slope and intercept.

    Whole numbers, and anything whose range of 1000 or more makes rounding harmless, go in as they are, since viewers
    of MR series do not expect a slope; all else in 65535 even steps.
    """
    values = np.asarray(values, float)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65535 and (high >= 1000 or np.array_equal(values, np.round(values))):
        return np.round(values).astype(np.uint16), 1.0, 0.0
    # Both are written with ten digits, so quantise with what a reader will see.
    slope, intercept = float(f"{max(high - low, 1e-9) / 65535:.10g}"), float(f"{low:.10g}")
    return np.clip(np.round((values - intercept) / slope), 0, 65535).astype(np.uint16), slope, intercept


def study_attributes(label: StudyLabel) -> Dataset:
    """Patient, study, frame of reference and equipment, the type 2 ones empty rather than invented."""
    common = Dataset()
    for keyword in ("PatientBirthDate", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"):
        setattr(common, keyword, "")
    common.SpecificCharacterSet = "ISO_IR 100"
    common.PatientName, common.PatientID, common.PatientSex = label.patient_name, label.patient_id, "M"
    common.StudyInstanceUID, common.StudyID = label.uid("study"), "1"
    common.StudyDescription = label.description
    common.FrameOfReferenceUID, common.PositionReferenceIndicator = label.uid("frame of reference"), ""
    common.Manufacturer = "ProstateAlignRefine"
    if label.synthetic:
        common.SyntheticData = "YES"
    return common


def _series_attributes(modality: Modality, number: int, label: StudyLabel) -> Dataset:
    series = mr_attributes()
    for keyword, value in _SERIES[modality].items():
        setattr(series, keyword, value)
    if not label.synthetic:
        series.update(unknown_acquisition())
    series.SeriesInstanceUID, series.SeriesNumber = label.uid("series", modality.value), number
    series.DerivationDescription = label.derivation
    if modality is Modality.HBV and label.b_value is not None:
        series.DiffusionBValue = float(label.b_value)
    return series


def mr_attributes() -> Dataset:
    """What every image of an axial prostate MR series has."""
    series = Dataset()
    series.SOPClassUID, series.Modality = MRImageStorage, "MR"
    series.BodyPartExamined, series.PatientPosition = "PROSTATE", "HFS"
    series.ScanOptions, series.EchoTrainLength, series.MRAcquisitionType = "", "", "2D"
    series.InstanceCreationDate = series.InstanceCreationTime = ""
    series.BurnedInAnnotation = "NO"
    return series


def unknown_acquisition() -> Dataset:
    """Acquisition attributes of images that no scanner made: research mode, no times."""
    series = Dataset()
    series.ScanningSequence, series.SequenceVariant = "RM", "NONE"
    series.EchoTime = series.RepetitionTime = None
    return series


def _plane_attributes(grid: Grid, index: int) -> Dataset:
    """General Image and Image Plane modules of slice `index`; numbers as decimal strings of up to 16 characters."""
    plane = Dataset()
    plane.InstanceNumber, plane.AcquisitionNumber = index + 1, 1
    plane.ImagePositionPatient = [_decimal(value) for value in grid.to_lps((0, 0, index))]
    plane.ImageOrientationPatient = [_decimal(value) for value in (*grid.axes[:, 0], *grid.axes[:, 1])]
    plane.PixelSpacing = [_decimal(grid.spacing[1]), _decimal(grid.spacing[0])]
    plane.SliceThickness = plane.SpacingBetweenSlices = _decimal(grid.spacing[2])
    return plane


def _decimal(value: float) -> str:
    text = f"{float(value):.11g}"
    return text if len(text) <= 16 else f"{float(value):.8e}"


def _set_pixels(image: Dataset, plane: NDArray[np.uint16]) -> None:
    image.Rows, image.Columns = plane.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.PixelData = np.ascontiguousarray(plane, "<u2").tobytes()
    image["PixelData"].VR = "OW"


def _file_meta(image: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return meta
