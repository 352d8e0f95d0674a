"""Arrays, SimpleITK images and MRML volume nodes: the same voxels in LPS (ours) and RAS (MRML)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ..core.errors import InputError
from ..core.geometry import Array, Grid, to_image
from .mrml import ImageData, Matrix, Scene, TransformableNode, VolumeNode
from .mrml import Node as AnyNode

Node = Any  # a vtkMRMLNode of whatever class

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SHEAR_TOLERANCE = 1e-3
TRANSFORM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Inputs:
    """The three volume nodes of a study."""

    t2w: VolumeNode
    adc: VolumeNode
    hbv: VolumeNode

    def __iter__(self) -> Iterator[VolumeNode]:
        return iter((self.t2w, self.adc, self.hbv))


def grid_of(volume: VolumeNode) -> Grid:
    """The node's voxel grid in LPS; left-handed volumes keep their axes.

    InputError where there are no voxels, or where the axes are sheared.
    """
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    affine = LPS_TO_RAS @ matrix_array(matrix)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / spacing
    if np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR_TOLERANCE:
        raise InputError(f"The volume '{volume.GetName()}' has sheared axes; resample it to a rectangular grid first.")
    x, y, z = _voxel_data(volume).GetDimensions()
    size, origin = (int(x), int(y), int(z)), affine[:3, 3]
    return Grid(size, _floats(spacing), _floats(origin), tuple(float(value) for value in axes.ravel()))


def has_one_grid(volumes: Sequence[VolumeNode]) -> bool:
    """Whether the volumes all hold voxels, and on the same grid."""
    if any(volume.GetImageData() is None for volume in volumes):
        return False
    first, *others = (grid_of(volume) for volume in volumes)
    return all(first.matches(other) for other in others)


def ijk_to_ras(grid: Grid) -> Any:
    """The grid's voxel-to-RAS matrix, a vtkMatrix4x4."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_TO_RAS @ grid.affine).ravel())
    return matrix


def matrix_array(matrix: Matrix) -> NDArray[np.float64]:
    """A vtkMatrix4x4 as [4, 4]."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def ras_of(lps: tuple[float, float, float]) -> tuple[float, float, float]:
    """A point of core's space in MRML's; the way back is the same."""
    return -lps[0], -lps[1], lps[2]


def moved_alike(one: TransformableNode, other: TransformableNode) -> bool:
    """Whether the transforms above two nodes, if there are any, leave them where they were to each other."""
    first, second = one.GetParentTransformNode(), other.GetParentTransformNode()
    if first is second:
        return True
    between = vtk.vtkMatrix4x4()
    linear = slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(first, second, between)
    return bool(linear) and np.allclose(matrix_array(between), np.eye(4), atol=TRANSFORM_TOLERANCE)


def voxels_of(volume: VolumeNode) -> Array:
    """[z, y, x] view of the node's own voxels: writing to it changes the node (call Modified on its scalars after)."""
    image = _voxel_data(volume)
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def image_of(volume: VolumeNode) -> sitk.Image:
    """A copy of the node's voxels with their place in LPS.

    InputError where the node holds no single-channel voxels, or where a transform moves it.
    """
    image, name = _voxel_data(volume), volume.GetName()
    if image.GetNumberOfScalarComponents() != 1:
        raise InputError(f"The volume '{name}' holds more than one value per voxel; choose a single-channel volume.")
    if volume.GetParentTransformNode() is not None:
        raise InputError(f"The volume '{name}' is moved by a transform; harden the transform or remove it first.")
    return to_image(voxels_of(volume), grid_of(volume))


def instance_uids(volume: VolumeNode) -> tuple[str, ...]:
    """SOP Instance UIDs (0008,0018) of the slices the node was loaded from; empty where it is not from DICOM."""
    return tuple((volume.GetAttribute("DICOM.instanceUIDs") or "").split())


def fill_volume(volume: VolumeNode, array: Array, grid: Grid) -> None:
    """Give the node a copy of `array` [z, y, x] lying on `grid`."""
    if array.shape != grid.shape:
        raise ValueError(f"array shape {array.shape} does not fit the grid {grid.shape}")
    image = vtk.vtkImageData()
    image.SetDimensions(*grid.size)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True))
    volume.SetAndObserveImageData(image)
    volume.SetIJKToRASMatrix(ijk_to_ras(grid))


def add_volume(scene: Scene, array: Array, grid: Grid, name: str) -> VolumeNode:
    """A new scalar volume node, displayed with the window MRML finds for it."""
    volume: VolumeNode = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    fill_volume(volume, array, grid)
    volume.CreateDefaultDisplayNodes()
    return volume


def place_beside(scene: Scene, node: AnyNode, sibling: AnyNode) -> None:
    """Put `node` under the subject-hierarchy parent (the DICOM study) of `sibling`; a sibling without one changes
    nothing."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    sibling_item = hierarchy.GetItemByDataNode(sibling) if hierarchy else 0
    if not sibling_item:
        return
    parent = hierarchy.GetItemParent(sibling_item)
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(parent, node)
    hierarchy.SetItemParent(item, parent)
    if node.GetHideFromEditors():
        excluded = slicer.vtkMRMLSubjectHierarchyConstants.GetSubjectHierarchyExcludeFromTreeAttributeName()
        hierarchy.SetItemAttribute(item, excluded, "1")


def _voxel_data(volume: VolumeNode) -> ImageData:
    image = volume.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise InputError(f"The volume '{volume.GetName()}' holds no voxels; load it again or choose another.")
    return image


def _floats(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
