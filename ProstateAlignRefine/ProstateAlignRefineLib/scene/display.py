"""How a result looks: outline or fill, edits, live mask, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .live import ADDED_ID, MASK_ID, REMOVED_ID
from .maps import MapNodes
from .segmentation import lesion_segments
from .volumes import Node

FILL_OPACITY = 0.5
LINE_WIDTH = 2


@dataclass(frozen=True)
class ResultNodes:
    """One result in the scene: the maps, the lesions, and a review layer (live mask, edits, rejected lesions)."""

    maps: MapNodes
    lesions: Node
    review: Node

    def __iter__(self) -> Iterator[Node]:
        return iter((*self.maps, self.lesions, self.review))


def style_result(nodes: ResultNodes) -> None:
    """Outlined lesions; filled edits, hidden at first; nothing of the review layer in 3D."""
    for node in (nodes.lesions, nodes.review):
        display = node.GetDisplayNode()
        display.SetSliceIntersectionThickness(LINE_WIDTH)
        display.SetOpacity2DFill(FILL_OPACITY)
    review = nodes.review.GetDisplayNode()
    review.SetVisibility3D(False)
    for segment_id in (ADDED_ID, REMOVED_ID):
        review.SetSegmentVisibility2DOutline(segment_id, False)
    set_outline(nodes, True)
    show_edits(nodes, False)
    show_live(nodes, False)


def set_outline(nodes: ResultNodes, outline: bool) -> None:
    """Lesions as an outline only, or filled as well."""
    nodes.lesions.GetDisplayNode().SetVisibility2DFill(not outline)
    nodes.review.GetDisplayNode().SetSegmentVisibility2DFill(MASK_ID, not outline)


def show_edits(nodes: ResultNodes, shown: bool) -> None:
    """What the refiner added and removed."""
    display = nodes.review.GetDisplayNode()
    display.SetSegmentVisibility(ADDED_ID, shown)
    display.SetSegmentVisibility(REMOVED_ID, shown)


def show_ai(nodes: ResultNodes, shown: bool) -> None:
    """Everything the result draws over the images, at once."""
    nodes.lesions.GetDisplayNode().SetVisibility(shown)
    nodes.review.GetDisplayNode().SetVisibility(shown)


def show_live(nodes: ResultNodes, live: bool) -> None:
    """The moving mask in the slice views while the gate moves; the lesions otherwise."""
    nodes.lesions.GetDisplayNode().SetVisibility2D(not live)
    review = nodes.review.GetDisplayNode()
    review.SetSegmentVisibility(MASK_ID, live)
    if not live:
        for segment_id, _ in lesion_segments(nodes.review.GetSegmentation()):
            review.SetSegmentVisibility(segment_id, False)


def show_surface(nodes: ResultNodes, shown: bool) -> None:
    """The lesions' closed surface in 3D views; made when first shown."""
    if shown:
        nodes.lesions.CreateClosedSurfaceRepresentation()
    nodes.lesions.GetDisplayNode().SetVisibility3D(shown)
