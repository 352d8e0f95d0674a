"""DICOM series as scanners and de-identifiers write them, slice by slice, and the same series as loaded volumes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from Dicom.making import grid_about, oblique_axes
from ProstateAlignRefineLib.core.geometry import Grid

CENTRE = (4.0, 20.0, -30.0)
SAGITTAL_AXES = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
CORONAL_AXES = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0)
FINE = grid_about(CENTRE, (144, 120, 12), (0.55, 0.5, 3.0), oblique_axes(18.0))
SAGITTAL = grid_about(CENTRE, (144, 120, 12), (0.55, 0.5, 3.0), SAGITTAL_AXES)
CORONAL = grid_about(CENTRE, (144, 120, 12), (0.55, 0.5, 3.0), CORONAL_AXES)
COARSE = grid_about(CENTRE, (44, 40, 12), (2.0, 1.8, 3.0), oblique_axes(18.0))
FEW = grid_about(CENTRE, (144, 120, 3), (0.55, 0.5, 3.0), oblique_axes(18.0))

Edit = Callable[[Dataset], object]


@dataclass(frozen=True)
class Series:
    """`tags`: DICOM keywords and values of every slice; `edit`: what else is done to each. `low`, `high`: of its
    voxels. `moved_mm` (LPS): by how much its anatomy lies beside that of others."""

    description: str
    grid: Grid = FINE
    tags: Mapping[str, Any] = field(default_factory=dict)
    edit: Edit = lambda _: None
    number: int = 1
    low: float = 100.0
    high: float = 900.0
    moved_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


def write_series(series: Series, folder: Path, study: str, frame_of_reference: str) -> None:
    """One file a slice, under a new Series Instance UID."""
    folder.mkdir(parents=True)
    uid = generate_uid()
    voxels = anatomy(series)
    for index in range(series.grid.size[2]):
        slice_ = _slice(series, index)
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.FrameOfReferenceUID = study, uid, frame_of_reference
        slice_.PixelData = voxels[index].astype(np.uint16).tobytes()
        for keyword, value in series.tags.items():
            setattr(slice_, keyword, value)
        series.edit(slice_)
        slice_.save_as(folder / f"{index + 1:04d}.dcm", enforce_file_format=True)


def anatomy(series: Series) -> NDArray[np.floating]:
    """[z, y, x]: smooth structures that lie at fixed places of the patient, seldom repeated."""
    grid = series.grid
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in grid.size), indexing="ij"), axis=-1)
    x, y, z = (grid.to_lps(indices.reshape(-1, 3)) - np.asarray(series.moved_mm)).T
    waves = np.sin(x / 5 + np.sin(y / 7)) + np.sin(y / 6 + np.cos(z / 5)) + np.cos(x / 9 - y / 8 + z / 4)
    values = series.low + (series.high - series.low) * (waves + 3) / 6
    return np.round(values.reshape(grid.size).transpose(2, 1, 0))


def _slice(series: Series, index: int) -> Dataset:
    grid, dataset = series.grid, Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Modality, dataset.PatientID, dataset.PatientName = "MR", "P1", "Synthetic"
    dataset.SeriesNumber, dataset.SeriesDescription, dataset.InstanceNumber = (
        series.number,
        series.description,
        index + 1,
    )
    dataset.Rows, dataset.Columns = grid.size[1], grid.size[0]
    dataset.PixelSpacing, dataset.SliceThickness = [grid.spacing[1], grid.spacing[0]], grid.spacing[2]
    dataset.ImagePositionPatient = [float(f"{value:.9g}") for value in grid.to_lps((0, 0, index))]
    dataset.ImageOrientationPatient = [float(f"{value:.9g}") for value in (*grid.axes[:, 0], *grid.axes[:, 1])]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    return dataset


def siemens(b: float) -> Edit:
    def edit(dataset: Dataset) -> None:
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "OB", f"{b:g} ".encode())

    return edit


def csa_header(**tags: str) -> bytes:
    """A CSA2 header with one value a tag."""
    content = b"SV10\4\3\2\1" + struct.pack("<ii", len(tags), 77)
    for name, value in tags.items():
        text = value.encode() + b"\0"
        content += struct.pack("<64si4siii", name.encode(), 1, b"IS", 6, 1, 77)
        content += struct.pack("<4i", len(text), len(text), 77, len(text)) + text + b"\0" * (-len(text) % 4)
    return content


def siemens_csa(b: float) -> Edit:
    def edit(dataset: Dataset) -> None:
        header = csa_header(EchoNumber="1", B_value=f"{b:g} ")
        dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)

    return edit


def ge(b: float) -> Edit:
    def edit(dataset: Dataset) -> None:
        value = [str(1_000_000_000 + int(b)), "8", "0", "0"]
        dataset.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", value)

    return edit


def philips(b: float) -> Edit:
    def edit(dataset: Dataset) -> None:
        private = dataset.private_block(0x2001, "Philips Imaging DD 001", create=True)
        private.add_new(0x03, "UN", struct.pack("<f", b))

    return edit


def uih(b: float) -> Edit:
    def edit(dataset: Dataset) -> None:
        dataset.private_block(0x0065, "Image Private Header", create=True).add_new(0x09, "FD", float(b))

    return edit


def along_one_direction(dataset: Dataset) -> None:
    dataset.DiffusionBValue, dataset.DiffusionGradientOrientation = 1000.0, [1.0, 0.0, 0.0]


def canon(comment: str) -> Edit:
    """What newer Canon software writes: the direction as text alone, at times the b-value, too."""

    def edit(dataset: Dataset) -> None:
        dataset.ImageComments = comment

    return edit
