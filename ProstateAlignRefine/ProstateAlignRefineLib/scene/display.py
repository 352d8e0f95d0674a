"""How a result looks: outline or fill, edits, live mask, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .gland import style_gland
from .live import ADDED_ID, MASK_ID, REMOVED_ID
from .maps import MapNodes
from .mrml import SegmentationDisplayNode, SegmentationNode, VolumeNode
from .segmentation import is_candidate, lesion_segments

FILL_OPACITY = 0.5
LINE_WIDTH = 2


@dataclass(frozen=True)
class ResultNodes:
    """One result in the scene: the maps, the lesions, a review layer (live mask, edits, candidates, rejected lesions),
    and the gland's outline where the model tells it."""

    maps: MapNodes
    lesions: SegmentationNode
    review: SegmentationNode
    gland: SegmentationNode | None = None

    def __iter__(self) -> Iterator[VolumeNode | SegmentationNode]:
        """The gland apart: a result is whole without it."""
        return iter((*self.maps, self.lesions, self.review))

    @property
    def has_gland(self) -> bool:
        """Whether there is a gland, and the user has not removed it."""
        return self.gland is not None and self.gland.GetScene() is not None


def style_result(nodes: ResultNodes) -> None:
    """Outlined lesions; filled edits, hidden at first; nothing of the review layer in 3D."""
    for node in (nodes.lesions, nodes.review):
        display = display_of(nodes, node)
        display.SetSliceIntersectionThickness(LINE_WIDTH)
        display.SetOpacity2DFill(FILL_OPACITY)
    review = display_of(nodes, nodes.review)
    review.SetVisibility3D(False)
    for segment_id in (ADDED_ID, REMOVED_ID):
        review.SetSegmentVisibility2DOutline(segment_id, False)
    if nodes.gland is not None and nodes.has_gland:
        style_gland(display_of(nodes, nodes.gland))
    set_outline(nodes, True)
    show_edits(nodes, False)
    show_live(nodes, False)


def display_of(nodes: ResultNodes, node: SegmentationNode) -> SegmentationDisplayNode:
    """Of a segmentation of the result: made and styled anew where somebody has deleted it."""
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
        style_result(nodes)
    return node.GetDisplayNode()


def set_outline(nodes: ResultNodes, outline: bool) -> None:
    """Lesions as an outline only, or filled as well."""
    display_of(nodes, nodes.lesions).SetVisibility2DFill(not outline)
    display_of(nodes, nodes.review).SetSegmentVisibility2DFill(MASK_ID, not outline)


def show_edits(nodes: ResultNodes, shown: bool) -> None:
    """What the refiner added and removed."""
    display = display_of(nodes, nodes.review)
    display.SetSegmentVisibility(ADDED_ID, shown)
    display.SetSegmentVisibility(REMOVED_ID, shown)


def show_ai(nodes: ResultNodes, shown: bool) -> None:
    """Everything the result draws over the images, at once."""
    display_of(nodes, nodes.lesions).SetVisibility(shown)
    display_of(nodes, nodes.review).SetVisibility(shown)
    if nodes.gland is not None and nodes.has_gland:
        display_of(nodes, nodes.gland).SetVisibility(shown)


def show_gland(nodes: ResultNodes, shown: bool) -> None:
    """The gland's outline in the slice views."""
    if nodes.gland is not None and nodes.has_gland:
        display_of(nodes, nodes.gland).SetVisibility2D(shown)


def show_live(nodes: ResultNodes, live: bool) -> None:
    """The moving mask alone in the slice views while the gate moves; the lesions and candidates otherwise."""
    display_of(nodes, nodes.lesions).SetVisibility2D(not live)
    review = display_of(nodes, nodes.review)
    review.SetSegmentVisibility(MASK_ID, live)
    for segment_id, segment in lesion_segments(nodes.review.GetSegmentation()):
        review.SetSegmentVisibility(segment_id, not live and is_candidate(segment))
        review.SetSegmentVisibility2DFill(segment_id, False)


def show_surface(nodes: ResultNodes, shown: bool) -> None:
    """The lesions' closed surface in 3D views; made when first shown."""
    if shown:
        nodes.lesions.CreateClosedSurfaceRepresentation()
    display_of(nodes, nodes.lesions).SetVisibility3D(shown)
