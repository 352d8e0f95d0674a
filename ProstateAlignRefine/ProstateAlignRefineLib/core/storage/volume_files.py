"""The one way in which image files are read: whole or not at all, on axes at right angles, with one number a voxel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..cautions import Caution, caution
from ..errors import InputError
from ..geometry import Grid, affine_grid
from .scratch import scratch_folder
from .volume_bytes import AGAIN, NOT_NUMBERS, Declared, require_whole
from .volume_nifti import read_nifti_header
from .volume_text_headers import read_meta_header, read_nrrd_header

NIFTI, META, NRRD = (".nii", ".nii.gz"), (".mha", ".mhd"), (".nrrd", ".nhdr")

MOST_SHEAR_DEGREES = 1.0
"""Axes that lie further off right angles are refused. At this bound a voxel 40 mm from the middle moves by 0.35 mm."""
TOLD_SHEAR_DEGREES = 0.05
_SAME_MM = 1e-3


@dataclass(frozen=True)
class VolumeFile:
    """`placed`: whether the file says where in the patient it lies. `cautions`: what was put right in reading."""

    image: sitk.Image
    placed: bool
    cautions: tuple[Caution, ...]


def read_image(path: Path, what: str) -> sitk.Image:
    """The image of `read_volume_file`."""
    return read_volume_file(path, what).image


def read_volume_file(path: Path, what: str) -> VolumeFile:
    """A three-dimensional scalar image, LPS, every byte that its header declares read and its checksums right.

    `what`: the file's part in a sentence, such as "T2W file". Axes up to `MOST_SHEAR_DEGREES` off right angles are
    turned to right angles about the middle of the volume. InputError says, without a path, what is wrong.
    """
    _require_file(path, what)
    declared, affine = _declared(path, what)
    require_whole(declared, what)
    image = _scalar(_read(path, what), what)
    _require_numbers(image, what)
    grid, shear = _right_angled(Grid.of(image) if affine is None else affine_grid(affine, image.GetSize()), what)
    if not grid.matches(Grid.of(image), _SAME_MM):
        image.SetSpacing(grid.spacing)
        image.SetDirection(grid.direction)
        image.SetOrigin(grid.origin)
    return VolumeFile(image, declared.placed, _cautions(shear, what))


def _require_file(path: Path, what: str) -> None:
    if path.is_dir():
        raise InputError(f"The {what} is a folder; name the image file in it.")
    if not path.is_file():
        raise InputError(f"The {what} does not exist; check the path given for it.")
    if path.stat().st_size == 0:
        raise InputError(f"The {what} is empty; {AGAIN}.")


def _declared(path: Path, what: str) -> tuple[Declared, NDArray[np.float64] | None]:
    """What the header says; of NIfTI also the affine that it tells, which SimpleITK does not give back as it is."""
    name = path.name.lower()
    if name.endswith(NIFTI):
        header = read_nifti_header(path, what)
        return header.declared, header.affine
    if name.endswith(META):
        return read_meta_header(path, what), None
    if name.endswith(NRRD):
        return read_nrrd_header(path, what), None
    raise InputError(f"The {what} cannot be read as an image; give a {', '.join((*META, *NIFTI, *NRRD))} file.")


def _read(path: Path, what: str) -> sitk.Image:
    try:
        with _alone(path) as file, _quiet_about_shear():
            return sitk.ReadImage(str(file))
    except RuntimeError:
        raise InputError(f"The {what} cannot be read as an image; {AGAIN}.") from None


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """The file where ITK reads its own voxels: of `x.nii.gz` it takes them from an `x.nii` beside it."""
    unpacked = path.with_name(path.name[: -len(".gz")])
    if not path.name.lower().endswith(".nii.gz") or not os.path.lexists(unpacked):
        yield path
        return
    with scratch_folder() as folder:
        yield Path(shutil.copyfile(path, folder / "volume.nii.gz"))


@contextmanager
def _quiet_about_shear() -> Iterator[None]:
    """ITK reads sheared axes, which are judged here, and keeps its warnings, which name the file, to itself."""
    name = "ITK_NIFTI_SFORM_PERMISSIVE"  # ITK has no other switch that SimpleITK could reach
    before, warned = os.environ.get(name), sitk.ProcessObject.GetGlobalWarningDisplay()
    os.environ[name] = "YES"
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(warned)
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _scalar(image: sitk.Image, what: str) -> sitk.Image:
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3:
        size = " x ".join(str(length) for length in image.GetSize())
        raise InputError(f"The {what} is not a three-dimensional scalar image, but {size} voxels; give one volume.")
    if image.GetNumberOfComponentsPerPixel() != 1 or "complex" in image.GetPixelIDTypeAsString():
        raise InputError(f"The {what} is not a three-dimensional scalar image; give one number a voxel.")
    return image


def _require_numbers(image: sitk.Image, what: str) -> None:
    values = sitk.GetArrayViewFromImage(image)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"The {what} {NOT_NUMBERS}")


def _right_angled(grid: Grid, what: str) -> tuple[Grid, float]:
    """The nearest grid with axes at right angles and the same middle, and by how many degrees they were off."""
    affine = grid.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and (spacing > 0).all()):
        raise InputError(f"The {what} has a position or voxel spacing that is zero or no number; export it again.")
    axes = affine[:3, :3] / spacing
    cosines = np.abs(axes.T @ axes)[np.triu_indices(3, 1)]
    shear = float(np.degrees(np.arcsin(np.clip(cosines.max(), 0, 1))))
    if shear > MOST_SHEAR_DEGREES:
        raise InputError(
            f"The {what} has sheared axes: they are {shear:.2g} degrees off right angles, at most "
            f"{MOST_SHEAR_DEGREES:g} is accepted; resample it to a rectangular grid."
        )
    left, _, right = np.linalg.svd(axes)
    straight = np.eye(4)
    straight[:3, :3] = (left @ right) * spacing
    middle = (np.asarray(grid.size) - 1) / 2
    straight[:3, 3] = affine[:3, :3] @ middle + affine[:3, 3] - straight[:3, :3] @ middle
    return affine_grid(straight, grid.size), shear


def _cautions(shear: float, what: str) -> tuple[Caution, ...]:
    if shear <= TOLD_SHEAR_DEGREES:
        return ()
    return (caution("axes-sheared", volume=what, degrees=f"{shear:.2g}", moved=f"{40 * np.radians(shear) / 2:.2g}"),)
