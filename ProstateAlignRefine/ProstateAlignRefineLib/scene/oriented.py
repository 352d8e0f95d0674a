"""Labels in a box of a volume's grid as vtkOrientedImageData, the voxels behind a segment, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from ..core.geometry import Array, Grid
from .boxes import Box
from .volumes import ijk_to_ras, matrix_array

GEOMETRY_TOLERANCE = 1e-4


def empty_image(grid: Grid, box: Box) -> Any:
    """Zeros (uint8) in the box; voxel indices are those of the whole grid."""
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*box.extent)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.SetGeometryFromImageToWorldMatrix(ijk_to_ras(grid))
    voxels(image)[:] = 0
    return image


def voxels(image: Any) -> Array:
    """[z, y, x] view of the image's own voxels."""
    x, x_end, y, y_end, z, z_end = image.GetExtent()
    shape = z_end - z + 1, y_end - y + 1, x_end - x + 1
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape)


def announce(image: Any) -> None:
    """Tell MRML that voxels of the image changed in place."""
    image.GetPointData().GetScalars().Modified()
    image.Modified()


def write_mask(labels: NDArray[np.uint8], image: Any, value: int, grid: Grid, number: int) -> None:
    """Write `number` into `labels` (whole grid) where the image, wherever it lies, holds `value`."""
    placed = image if _on_grid(image, grid) else _resampled(image, grid)
    x, x_end, y, y_end, z, z_end = placed.GetExtent()
    if x > x_end or y > y_end or z > z_end or placed.GetPointData().GetScalars() is None:
        return
    depth, height, width = grid.shape
    low, high = (
        (max(z, 0), max(y, 0), max(x, 0)),
        (min(z_end + 1, depth), min(y_end + 1, height), min(x_end + 1, width)),
    )
    if any(a >= b for a, b in zip(low, high, strict=True)):
        return
    inner = Box((low[0] - z, low[1] - y, low[2] - x), (high[0] - z, high[1] - y, high[2] - x))
    labels[Box(low, high).slices][voxels(placed)[inner.slices] == value] = number


def _on_grid(image: Any, grid: Grid) -> bool:
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return bool(np.abs(matrix_array(matrix) - matrix_array(ijk_to_ras(grid))).max() < GEOMETRY_TOLERANCE)


def _resampled(image: Any, grid: Grid) -> Any:
    """The image on the whole grid, nearest neighbour: a segment edited in another geometry."""
    whole = empty_image(grid, Box((0, 0, 0), grid.shape))
    resampled = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(image, whole, resampled, False)
    return resampled
