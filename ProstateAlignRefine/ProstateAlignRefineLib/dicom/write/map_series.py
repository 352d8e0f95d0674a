"""A map of values between 0 and 1 as a derived MR series, which any viewer shows: stored as 0 to 1000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ...core.errors import InputError
from ...core.geometry import Array, Grid, to_array
from ...core.orientation import order_between
from ...core.storage.files import new_folder
from ...core.study import Modality
from ..quiet import quietly, silent
from ..read.dataset import UnreadableError
from ..read.folder import scan_folder
from ..read.stack import IrregularError, Stack, stack_of
from ..read.volume import read_volume
from .ascii_text import checked_text
from .codes import NO_UNITS
from .provenance import ALGORITHM, PRODUCT, SERIES_OFFSET, SegmentationInfo
from .series import mr_attributes, unknown_acquisition, write_series
from .source_headers import IDENTITY_AND_STUDY, check_placed, result_series_number, source_header, source_stack

STEPS = 1000  # stored value of 1.0
SIMILARITY = "Text-image similarity x1000, AI, for research"


@silent()
def write_map(
    values: Array,
    grid: Grid,
    headers: Mapping[Modality, Sequence[Dataset]],
    info: SegmentationInfo,
    folder: Path,
    *,
    description: str = SIMILARITY,
) -> None:
    """Writes a map [Z, Y, X] on the T2W grid, in whatever order, as MR images in the patient's study, one file a slice.

    Stored values are uint16, 1000 times the map's (largest error 0.0005), with a Real World Value Mapping. Every image
    refers to the T2W slice it lies on. The folder takes its name only after the series was read back and compared.
    InputError where something lies there already, the values are not within 0 to 1, or the grid is not that of the
    T2W headers.
    """
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise InputError("The map holds values outside 0 to 1, which a similarity never has; compute it again.")
    stack = source_stack(headers[Modality.T2W], like=grid)
    order = order_between(grid, stack.grid)
    if order is None:
        raise InputError("The map lies on another grid than the T2W series; resample it to the T2W series first.")
    check_placed(headers)
    grid = stack.grid
    stored = np.round(np.asarray(order.of_array(values), float) * STEPS).astype(np.uint16)
    series = _series_attributes(source_header(headers[Modality.T2W][0]), info, checked_text(description, "map name"))
    with new_folder(folder) as temporary:
        with quietly("DICOM map series"):
            write_series(stored, grid, series, temporary, _source_references(stack, headers[Modality.T2W]))
        if not _reads_back(temporary, stored, grid):
            raise InputError("The DICOM map series did not read back as written and was not kept; try again.")


def _series_attributes(t2w: Dataset, info: SegmentationInfo, description: str) -> Dataset:
    series = mr_attributes()
    for keyword in (*IDENTITY_AND_STUDY, "ReferringPhysicianName", "FrameOfReferenceUID", "PositionReferenceIndicator"):
        if keyword in t2w:
            series[keyword] = t2w[keyword]
    series.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    series.update(unknown_acquisition())
    series.SeriesInstanceUID = generate_uid()
    series.SeriesNumber = result_series_number(t2w, SERIES_OFFSET + 2)
    series.SeriesDescription = description
    series.Manufacturer, series.ManufacturerModelName = PRODUCT, ALGORITHM
    series.SoftwareVersions = checked_text(info.version, "version")
    parameters = ",".join(f"{key}={value}" for key, value in info.parameters.items())
    series.DerivationDescription = f"{ALGORITHM} {info.version}, {parameters}"
    series.WindowCenter, series.WindowWidth = STEPS // 2, STEPS
    series.RealWorldValueMappingSequence = [_real_world_values()]
    return series


def _real_world_values() -> Dataset:
    """Stored value times 0.001 is the map's value, without a unit."""
    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = NO_UNITS.value, "UCUM", NO_UNITS.meaning
    mapping = Dataset()
    mapping.RealWorldValueFirstValueMapped, mapping.RealWorldValueLastValueMapped = 0, STEPS
    mapping.RealWorldValueIntercept, mapping.RealWorldValueSlope = 0.0, 1.0 / STEPS
    mapping.LUTExplanation, mapping.LUTLabel = "0 to 1", "MAP"
    mapping.MeasurementUnitsCodeSequence = [unit]
    for keyword in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
        mapping[keyword].VR = "US"
    return mapping


def _source_references(stack: Stack, headers: Sequence[Dataset]) -> list[Dataset]:
    """Source Image Sequence (0008,2112) of each slice."""
    classes = {str(header.SOPInstanceUID): header for header in headers}
    slices = []
    for frame in stack.frames:
        source, slice_ = Dataset(), Dataset()
        source.ReferencedSOPClassUID = classes[frame.sop_instance].SOPClassUID
        source.ReferencedSOPInstanceUID = frame.sop_instance
        if "NumberOfFrames" in classes[frame.sop_instance]:
            source.ReferencedFrameNumber = frame.number + 1
        slice_.SourceImageSequence = [source]
        slices.append(slice_)
    return slices


def _reads_back(folder: Path, stored: NDArray[np.uint16], grid: Grid) -> bool:
    try:
        stack = stack_of(scan_folder(folder).frames)
        volume, _ = read_volume(stack)
    except (IrregularError, UnreadableError):
        return False
    return stack.grid.matches(grid) and np.array_equal(to_array(volume), stored)
