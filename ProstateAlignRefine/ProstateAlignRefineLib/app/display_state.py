"""The panel's switches, brought to the scene."""

from __future__ import annotations

from ..scene.display import set_outline, show_ai, show_edits, show_gland, show_surface
from ..scene.heatmap import Heatmap
from ..scene.layout import ReadingLayout
from ..scene.reading import Reading
from ..scene.ruler import set_ruler_visible
from ..scene.state import PanelState


def hide_remains(reading: Reading, layout: ReadingLayout) -> None:
    """Of a result that lost a node of its own, what is left is drawn no more."""
    nodes = reading.nodes
    for node in (nodes.lesions, nodes.review, nodes.gland):
        display = node.GetDisplayNode() if node is not None and node.GetScene() is not None else None
        if display is not None:
            display.SetVisibility(False)
    layout.heatmap(nodes.maps.similarity, Heatmap(shown=False))
    set_ruler_visible(reading.scene, False)


def apply_display(reading: Reading, state: PanelState, layout: ReadingLayout) -> None:
    """Outline or fill, edits, gland, surface, heatmap in its view, and all of it or nothing."""
    set_outline(reading.nodes, state.outline)
    show_edits(reading.nodes, state.edits)
    show_gland(reading.nodes, state.show_gland)
    show_ai(reading.nodes, state.show_ai)
    show_surface(reading.nodes, state.surface)
    set_ruler_visible(reading.scene, state.show_ai)
    if layout.is_on:
        shown = state.heatmap and state.show_ai
        heatmap = Heatmap(shown, state.heatmap_opacity, state.heatmap_threshold)
        layout.heatmap(reading.nodes.maps.similarity, heatmap)
