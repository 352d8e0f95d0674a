"""A result taken out of the scene, with all that belongs to it alone."""

from __future__ import annotations

import slicer

from .display import ResultNodes
from .mrml import Scene


def remove_result(scene: Scene, nodes: ResultNodes) -> None:
    """Maps, segmentations and the gland, their display and storage nodes, and the heatmap's legend."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(nodes.maps.similarity)
    if legend is not None and legend.GetScene() is not None:
        scene.RemoveNode(legend)
    gland = [nodes.gland] if nodes.has_gland else []
    for node in (*nodes, *gland):
        if node is None or node.GetScene() is None:
            continue
        own = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
        own += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
        scene.RemoveNode(node)
        for part in own:
            if part is not None and part.GetScene() is not None:
                scene.RemoveNode(part)
