"""Slicer's own slice views without a Slicer application: rendered off screen, read back as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from trame_slicer.core import SlicerApp
from trame_slicer.views import DirectViewFactory, ViewLayoutDefinition, ViewProps, ViewType
from vtk.util.numpy_support import vtk_to_numpy

from ProstateAlignRefineLib.scene.layout import LABELS


@dataclass(frozen=True)
class Host:
    """A scene with Slicer's logics, its layout node, and the four views of the reading layout."""

    app: SlicerApp
    layout_logic: Any
    views: dict[str, Any]

    @property
    def scene(self) -> Any:
        return self.app.scene

    @property
    def layout_node(self) -> Any:
        return self.layout_logic.GetLayoutNode()

    def add_data(self, volume: Any) -> None:
        from .application import show_added

        show_added(self.app.app_logic, volume)


def open_host(width: int = 480, height: int = 480, planes: Sequence[str] = ()) -> Host:
    """`planes`: tags of the sagittal and coronal views, where they are wanted."""
    app = SlicerApp()
    app.view_manager.register_factory(DirectViewFactory(do_render_offscreen=True))
    app.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())  # Slicer's Colors module does this
    views = {tag: _view(app, tag, width, height) for tag in (*LABELS, *planes)}
    layout_logic = slicer.vtkMRMLLayoutLogic()
    layout_logic.SetMRMLScene(app.scene)
    return Host(app, layout_logic, views)


def picture(view: Any) -> np.ndarray:
    """[height, width, 3] bytes of what the view shows now."""
    view.render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(view.render_window())
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]


def resize(app: SlicerApp, tag: str, view: Any, width: int, height: int) -> None:
    """Pixels of a view."""
    view.interactor().UpdateSize(width, height)
    # The view waits for a resize event that VTK 9.6 no longer sends.
    app.app_logic.GetSliceLogicByLayoutName(tag).ResizeSliceNode(width, height)


def _view(app: SlicerApp, tag: str, width: int, height: int) -> Any:
    definition = ViewLayoutDefinition(
        singleton_tag=tag,
        view_type=ViewType.SLICE_VIEW,
        properties=ViewProps(orientation="Axial", label=LABELS.get(tag, tag)),
    )
    view = app.view_manager.create_view(definition)
    # Slicer's views hold the image from the start; added after the overlays it would lie behind them, over black.
    image = view._render_manager.image_actor
    image.SetVisibility(False)
    view.first_renderer().AddViewProp(image)
    resize(app, tag, view, width, height)
    logic = app.app_logic.GetSliceLogicByLayoutName(tag)
    logic.GetSliceModelNode().SetName(f"{tag} Volume Slice")  # as where the slice node is there first
    return view
