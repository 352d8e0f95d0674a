"""The sagittal and coronal T2W beside the four reading views: each in its own plane, with lines where slices meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import slicer

from .mrml import Scene, VolumeNode
from .views import (
    RAS,
    composite_node,
    look_at,
    nodes_of,
    set_field,
    show_orientation_and_scale,
    show_volume,
    slice_node,
)
from .volumes import grid_of

WIDE_LAYOUT_ID = 7282
PLANE_TAGS = {"sagittal": "ReadingSagittal", "coronal": "ReadingCoronal"}
PLANE_LABELS = {tag: f"T2W {plane}" for plane, tag in PLANE_TAGS.items()}
PLANE_COLOURS = dict(zip(PLANE_LABELS, ("#c27ba0", "#8e7cc3"), strict=True))
PLANE_FIELD_MM = 140.0  # from the base of the bladder to below the apex


def show_planes(scene: Scene, planes: Mapping[str, VolumeNode], point: RAS, group: int) -> None:
    """Each volume in its view, about the point."""
    for plane, volume in planes.items():
        view, composite = slice_node(scene, PLANE_TAGS[plane]), composite_node(scene, PLANE_TAGS[plane])
        if view is None or composite is None:
            continue
        show_volume(composite, volume)
        show_orientation_and_scale(view)
        view.SetViewGroup(group)
        view.SetOrientation(plane.capitalize())
        view.RotateToVolumePlane(volume)
        view.SetPrescribedSliceSpacing(*grid_of(volume).spacing)
        view.SetSliceSpacingModeToPrescribed()
        set_field(view, PLANE_FIELD_MM)
        look_at(view, point)


def show_reference_lines(scene: Scene, tags: Iterable[str], shown: bool) -> None:
    """Where the other slices of the group cut through, in these views alone."""
    # A slice logic names its model by the view, and nothing else in the scene leads from the view to it.
    wanted = {f"{tag} Volume Slice" for tag in tags}
    for model in nodes_of(scene, "vtkMRMLModelNode"):
        if model.GetName() in wanted and slicer.vtkMRMLSliceLogic.IsSliceModelDisplayNode(model.GetDisplayNode()):
            model.GetDisplayNode().SetIntersectingSlicesVisibility(shown)


def wide_description(item: Callable[[str], str], tags: Iterable[str]) -> str:
    """Two rows of three: the four reading views, sagittal and coronal. `item`: a view's part of the description."""
    first, second, third, *rest = (*tags, *PLANE_TAGS.values())
    rows = ((first, second, third), tuple(rest))
    lines = "".join(f'<item><layout type="horizontal">{"".join(map(item, row))}</layout></item>' for row in rows)
    return f'<layout type="vertical" split="true">{lines}</layout>'
