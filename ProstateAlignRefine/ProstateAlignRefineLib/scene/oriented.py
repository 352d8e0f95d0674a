"""Labels in a box of a volume's grid as vtkOrientedImageData, the voxels behind a segment, and back."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from ..core.boxes import Box
from ..core.geometry import Array, Grid
from .mrml import OrientedImage
from .volumes import ijk_to_ras, matrix_array

GEOMETRY_TOLERANCE = 1e-4


def empty_image(grid: Grid, box: Box) -> OrientedImage:
    """Zeros (uint8) in the box; voxel indices are those of the whole grid."""
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*box.extent)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.SetGeometryFromImageToWorldMatrix(ijk_to_ras(grid))
    voxels(image)[:] = 0
    return image


def voxels(image: OrientedImage) -> Array:
    """[z, y, x] view of the image's own voxels."""
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(Box.of_extent(image.GetExtent()).shape)


def announce(image: OrientedImage) -> None:
    """Tell MRML that voxels of the image changed in place."""
    image.GetPointData().GetScalars().Modified()
    image.Modified()


def write_mask(labels: NDArray[np.uint8], image: OrientedImage, value: int, grid: Grid, number: int) -> None:
    """Write `number` into `labels` (whole grid) where the image, wherever it lies, holds `value`."""
    placed = image if _on_grid(image, grid) else _resampled(image, grid)
    scalars = placed.GetPointData().GetScalars()
    filled = Box.of_extent(placed.GetExtent())
    shared = filled.meet(Box((0, 0, 0), grid.shape))
    if scalars is None or shared.empty:
        return
    labels[shared.slices][voxels(placed)[shared.within(filled)] == value] = number


def _on_grid(image: OrientedImage, grid: Grid) -> bool:
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return bool(np.abs(matrix_array(matrix) - matrix_array(ijk_to_ras(grid))).max() < GEOMETRY_TOLERANCE)


def _resampled(image: OrientedImage, grid: Grid) -> OrientedImage:
    """The image on the whole grid, nearest neighbour: a segment edited in another geometry."""
    whole = empty_image(grid, Box((0, 0, 0), grid.shape))
    resampled = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(image, whole, resampled, False)
    return resampled
