"""Slice views: which there are, what they show, and where they look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.geometry import Grid
from .mrml import CompositeNode, Scene, SliceNode, VolumeNode
from .volumes import ras_of

RAS = tuple[float, float, float]


def slice_node(scene: Scene, tag: str) -> SliceNode | None:
    """The slice node of the view called `tag`."""
    view: SliceNode | None = scene.GetSingletonNode(tag, "vtkMRMLSliceNode")
    return view


def composite_node(scene: Scene, tag: str) -> CompositeNode | None:
    """Which volumes the view called `tag` shows."""
    found = nodes_of(scene, "vtkMRMLSliceCompositeNode")
    return next((node for node in found if node.GetLayoutName() == tag), None)


def nodes_of(scene: Scene, class_name: str) -> Iterator[Any]:
    """In the order of the scene; `class_name`: VTK's, subclasses among them."""
    for index in range(scene.GetNumberOfNodesByClass(class_name)):
        yield scene.GetNthNodeByClass(index, class_name)


def show_volume(composite: CompositeNode, volume: VolumeNode) -> None:
    """`volume` alone, linked with the other views, and out of reach of what other modules show in all views."""
    modified = composite.StartModify()
    composite.SetBackgroundVolumeID(volume.GetID())
    composite.SetForegroundVolumeID(None)
    composite.SetLabelVolumeID(None)
    composite.SetDoPropagateVolumeSelection(False)
    composite.SetLinkedControl(True)
    composite.SetHotLinkedControl(True)
    composite.EndModify(modified)


def show_orientation_and_scale(view: SliceNode) -> None:
    """Lettered axes of the patient, and a ruler in mm, which white would not show on bright fat."""
    view.SetOrientationMarkerType(view.OrientationMarkerTypeAxes)
    view.SetOrientationMarkerSize(view.OrientationMarkerSizeMedium)
    view.SetRulerType(view.RulerTypeThin)
    view.SetRulerColor(view.RulerColorYellow)


def turn_to_plane(view: SliceNode, volume: VolumeNode, grid: Grid) -> None:
    """Axial, then into the volume's own plane, stepping by its slices whatever else the view shows."""
    view.SetOrientation("Axial")
    view.RotateToVolumePlane(volume)
    view.SetPrescribedSliceSpacing(*grid.spacing)
    view.SetSliceSpacingModeToPrescribed()


def set_field(view: SliceNode, field_mm: float) -> None:
    """The shorter side of the field of view, in mm; the centre stays."""
    width, height, _ = view.GetDimensions()
    scale = field_mm / max(min(width, height), 1)
    view.SetFieldOfView(width * scale, height * scale, view.GetFieldOfView()[2])


def look_at(view: SliceNode, point: RAS) -> None:
    """Centre the view on the point, the zoom as it is."""
    view.JumpSliceByCentering(*point)


def centre_of(view: SliceNode) -> RAS:
    """The point in the middle of the view."""
    r, a, s = (view.GetSliceToRAS().GetElement(row, 3) for row in range(3))
    return float(r), float(a), float(s)


def on_slice(grid: Grid, point: RAS) -> RAS:
    """The point moved along the slice normal into the middle of the nearest slice of the grid."""
    x, y, z = grid.to_index(ras_of(point))
    nearest = float(np.clip(round(z), 0, grid.size[2] - 1))
    snapped = grid.to_lps((float(x), float(y), nearest))
    return ras_of((float(snapped[0]), float(snapped[1]), float(snapped[2])))
