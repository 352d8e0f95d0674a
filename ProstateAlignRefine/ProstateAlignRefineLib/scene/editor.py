"""What Slicer's Segment Editor works on."""

from __future__ import annotations

from .display import ResultNodes
from .mrml import Scene
from .views import nodes_of


def may_edit(scene: Scene, nodes: ResultNodes) -> bool:
    """Whether the Segment Editor is on a segmentation of this result, or on none yet."""
    chosen = [node.GetSegmentationNode() for node in nodes_of(scene, "vtkMRMLSegmentEditorNode")]
    return not any(chosen) or any(node in chosen for node in (nodes.lesions, nodes.review, nodes.gland) if node)
