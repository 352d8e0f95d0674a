"""The similarity map over the T2W image: opacity, threshold, and a legend with numbers."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from .mrml import ColorLegendNode, Scene, VolumeNode
from .views import composite_node, slice_node
from .windows import display_of

LEGEND_TITLE = "Similarity"


@dataclass(frozen=True)
class Heatmap:
    """`threshold`: similarity below which nothing is drawn; `opacity` 0 to 1."""

    shown: bool
    opacity: float = 0.7
    threshold: float = 0.0


def show_heatmap(scene: Scene, tag: str, similarity: VolumeNode, heatmap: Heatmap) -> None:
    """Lay the map over what the view called `tag` shows, or take it away again; so is one that left the scene."""
    composite, image = composite_node(scene, tag), similarity.GetImageData()
    there = image is not None and similarity.GetScene() is not None
    if composite is not None:
        composite.SetForegroundVolumeID(similarity.GetID() if heatmap.shown and there else None)
    if composite is None or image is None or not there:
        return
    composite.SetForegroundOpacity(heatmap.opacity)
    display, highest = display_of(similarity), image.GetScalarRange()[1]
    display.SetThreshold(min(heatmap.threshold, highest), highest)
    display.SetApplyThreshold(True)
    _legend(scene, tag, similarity).SetVisibility(heatmap.shown)


def hide_legend(similarity: VolumeNode) -> None:
    """The map's legend no longer stands in any view."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(similarity)
    if legend is not None:
        legend.SetVisibility(False)


def _legend(scene: Scene, tag: str, similarity: VolumeNode) -> ColorLegendNode:
    """The map's colour legend, in that one view."""
    logic = slicer.vtkSlicerColorLogic
    legend = logic.GetColorLegendDisplayNode(similarity)
    if legend is None:
        legend = logic.AddDefaultColorLegendDisplayNode(similarity)
        legend.SetTitleText(LEGEND_TITLE)
        legend.SetLabelFormat("%.2f")
        legend.SetNumberOfLabels(5)
        legend.SetSize(0.1, 0.4)
        legend.SetPosition(0.98, 0.5)
    view = slice_node(scene, tag)
    if view is not None:
        legend.RemoveAllViewNodeIDs()
        legend.AddViewNodeID(view.GetID())
    return legend
