"""Earlier results: kept in the scene out of sight, each by a module node of its own, until one is taken up again."""

from __future__ import annotations

import slicer

from .display import show_ai
from .heatmap import hide_legend
from .mrml import Scene
from .reading import Reading
from .state import PanelState
from .stored import nodes_of_result
from .views import nodes_of

EARLIER = "ProstateAlignRefine.EarlierResult"


def set_aside(scene: Scene, reading: Reading) -> None:
    """Hide all that the result draws, and keep its nodes, setting and run for `take_up`; its undo steps end here."""
    reading.commit()
    node = slicer.vtkMRMLScriptedModuleNode()
    node.SetModuleName(EARLIER)
    node.SetName(f"{reading.nodes.lesions.GetName()} (earlier result)")
    node.SetHideFromEditors(True)
    reading.store(PanelState(scene.AddNode(node)))
    show_ai(reading.nodes, False)
    hide_legend(reading.nodes.maps.similarity)


def earlier_results(scene: Scene) -> tuple[PanelState, ...]:
    """Those whose nodes are all there, in the order in which they were set aside."""
    return tuple(kept for kept in _kept(scene) if _is_whole(kept))


def take_up(scene: Scene, kept: PanelState) -> Reading | None:
    """The reading of an earlier result, which is no longer an earlier one; None where it cannot be read."""
    reading = Reading.reopen(scene, kept)
    if reading is not None:
        scene.RemoveNode(kept.node)
    return reading


def forget_incomplete(scene: Scene) -> bool:
    """Drop what is kept of results whose nodes were removed; whether there were any."""
    broken = [kept for kept in _kept(scene) if not _is_whole(kept)]
    for kept in broken:
        scene.RemoveNode(kept.node)
    return bool(broken)


def _is_whole(kept: PanelState) -> bool:
    return kept.run is not None and nodes_of_result(kept) is not None


def _kept(scene: Scene) -> list[PanelState]:
    modules = nodes_of(scene, "vtkMRMLScriptedModuleNode")
    return [PanelState(node) for node in modules if node.GetModuleName() == EARLIER]
