"""Voxel grids in patient space (LPS, mm) and resampling between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

# ITK's warnings name the file with its path, and folders are named after patients.
sitk.ProcessObject.SetGlobalWarningDisplay(False)

LINEAR = sitk.sitkLinear
BSPLINE = sitk.sitkBSpline
NEAREST = sitk.sitkNearestNeighbor

GRID_TOLERANCE_MM = 1e-3


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a volume lie: sizes and spacings in x, y, z order, LPS millimetres, as SimpleITK has them.

    Arrays on a grid are indexed [z, y, x]. `direction` is the row-major 3 x 3 matrix whose columns are the axes.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """The image's size and spacing in x, y, z, its origin (LPS mm) and direction."""
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    @property
    def shape(self) -> tuple[int, int, int]:
        """Array shape, [z, y, x]."""
        return self.size[2], self.size[1], self.size[0]

    @property
    def spacing_zyx(self) -> tuple[float, float, float]:
        """Millimetres between voxels along the array's axes, [z, y, x]."""
        return self.spacing[2], self.spacing[1], self.spacing[0]

    @property
    def axes(self) -> NDArray[np.float64]:
        """[3, 3]: columns are the unit vectors of the x, y and z axes in LPS."""
        return np.asarray(self.direction, dtype=float).reshape(3, 3)

    @property
    def affine(self) -> NDArray[np.float64]:
        """[4, 4]: voxel index (x, y, z, 1) to LPS millimetres."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes * np.asarray(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel."""
        return float(np.prod(self.spacing)) / 1000.0

    @property
    def centre(self) -> NDArray[np.float64]:
        """LPS millimetres of the middle of the grid."""
        return self.to_lps((np.asarray(self.size) - 1) / 2)

    def to_lps(self, index_xyz: Array | tuple[float, ...]) -> NDArray[np.float64]:
        """Voxel indices [..., 3] (x, y, z order) to LPS millimetres [..., 3]."""
        points: NDArray[np.float64] = np.asarray(index_xyz, dtype=float) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return points

    def to_index(self, lps: Array | tuple[float, ...]) -> NDArray[np.float64]:
        """LPS millimetres [..., 3] to continuous voxel indices [..., 3] (x, y, z order)."""
        offset = np.asarray(lps, dtype=float) - self.affine[:3, 3]
        indices: NDArray[np.float64] = offset @ np.linalg.inv(self.affine[:3, :3]).T
        return indices

    def matches(self, other: Grid, tolerance_mm: float = GRID_TOLERANCE_MM) -> bool:
        """Same size, and every corner within the tolerance."""
        if self.size != other.size:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.size])).reshape(3, -1).T
        return bool(np.abs(self.to_lps(corners) - other.to_lps(corners)).max() <= tolerance_mm)

    def with_spacing(self, spacing: tuple[float, float, float]) -> Grid:
        """The same field of view, edge to edge, on another spacing; the centre stays."""
        extent = np.asarray(self.size) * np.asarray(self.spacing)
        size = np.maximum(np.round(extent / np.asarray(spacing)), 1).astype(int)
        return self._about_centre(size, spacing)

    def centre_box(self, size: tuple[int, int, int]) -> Grid:
        """A grid of `size` voxels on this grid's own voxel lattice about its centre; may reach beyond this grid."""
        return self.part((np.asarray(self.size) - np.asarray(size)) // 2, size)

    def part(self, start: Array | tuple[float, ...], size: tuple[int, int, int]) -> Grid:
        """A grid of `size` voxels on this grid's own lattice from voxel `start` (x, y, z); may reach beyond it."""
        return Grid(size, self.spacing, triple(self.to_lps(start)), self.direction)

    def empty(self, pixel: int = sitk.sitkUInt8) -> sitk.Image:
        """An image of zeros that lies on the grid; `pixel`: SimpleITK's number of the voxels' type."""
        image = sitk.Image(self.size, pixel)
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image

    def _about_centre(self, size: Array, spacing: tuple[float, float, float]) -> Grid:
        half = (np.asarray(size) - 1) / 2 * np.asarray(spacing)
        origin = self.centre - self.axes @ half
        return Grid((int(size[0]), int(size[1]), int(size[2])), spacing, triple(origin), self.direction)


def affine_grid(affine: NDArray[np.float64], size: tuple[int, int, int]) -> Grid:
    """The grid of an affine [4, 4]: voxel index (x, y, z, 1) to LPS millimetres."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / np.where(spacing > 0, spacing, 1.0)
    return Grid(size, triple(spacing), triple(affine[:3, 3]), tuple(float(value) for value in axes.ravel()))


def to_image(array: Array, grid: Grid) -> sitk.Image:
    """Array [z, y, x] on `grid` as a SimpleITK image."""
    if array.shape != grid.shape:
        raise ValueError(f"array shape {array.shape} does not fit the grid {grid.shape}")
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction)
    return image


def to_array(image: sitk.Image) -> Array:
    """Voxels [z, y, x], a copy."""
    return sitk.GetArrayFromImage(image)


def resample(image: sitk.Image, grid: Grid, interpolator: int = LINEAR, outside: float = 0.0) -> sitk.Image:
    """`image` on `grid`, in physical space; voxels beyond the image's field of view get `outside`."""
    if interpolator != NEAREST:
        image = sitk.Cast(image, sitk.sitkFloat32)
    return sitk.Resample(image, grid.empty(), sitk.Transform(), interpolator, outside, image.GetPixelID())


def around(image: sitk.Image, grid: Grid, margin: int = 2) -> sitk.Image:
    """The part of `image` that holds `grid`, with so many voxels about it, as far as the image goes; at least one
    voxel. What linear interpolation on `grid` makes of either is the same."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in grid.size])).reshape(3, -1).T
    at = Grid.of(image).to_index(grid.to_lps(corners))
    last = np.asarray(image.GetSize()) - 1
    low = np.clip(np.floor(at.min(axis=0)) - margin, 0, last).astype(int)
    high = np.clip(np.ceil(at.max(axis=0)) + margin, 0, last).astype(int)
    part: sitk.Image = sitk.RegionOfInterest(image, (high - low + 1).tolist(), low.tolist())
    return part


def overlap_share(image: sitk.Image, grid: Grid) -> float:
    """Share (0 to 1) of `grid`'s voxels that lie inside the field of view of `image`."""
    inside = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    inside.CopyInformation(image)
    covered = sitk.Resample(inside, grid.empty(), sitk.Transform(), NEAREST, 0, sitk.sitkUInt8)
    return float(to_array(covered).mean())


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """Three numbers of any kind, in their order."""
    first, second, third = (float(value) for value in values)
    return first, second, third


def distance_mm(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float32]:
    """Of each voxel from the outermost voxel centres of a mask [Z, Y, X] with the voxels of `grid`; negative inside."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(grid.spacing)
    distance: NDArray[np.float32] = to_array(
        sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    )
    return distance
