"""A result's outcome in the segments of its nodes: written there, moved with a slider, read back once painted on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.maps import Maps
from ..results.review import Review, Tracked
from ..results.setting import Paint, Setting, paint_between
from .display import ResultNodes, show_live
from .edit_mark import EditMark
from .live import Counts, LiveGate
from .mrml import SegmentationNode
from .segmentation import Signature, read_labels, read_tracked, refresh_surface, signature, write_lesions


class Drawn:
    """Lesions, rejected lesions, edits and surface of the outcome that was written last. `is_live`: while a slider is
    held, the moving mask stands in their place."""

    def __init__(self, nodes: ResultNodes, maps: Maps) -> None:
        self._nodes, self._maps = nodes, maps
        self._mark = EditMark(nodes.lesions)
        self._live: LiveGate | None = None
        self._live_paint: Paint | None = None
        self._written: Signature = ()
        self.is_live = False

    def write(self, outcome: Review, algorithm_type: str) -> Counts:
        """The outcome, and how many voxels its lesions have that are not rejected."""
        nodes, grid = self._nodes, self._maps.grid
        with self._mark.own_writing():
            write_lesions(nodes.lesions, outcome, outcome.where(kept=True), grid, algorithm_type)
            write_lesions(nodes.review, outcome, outcome.where(kept=False), grid, algorithm_type)
            refresh_surface(nodes.lesions)
        moved = self._gate(outcome.setting.paint).move(*outcome.setting.gate)
        show_live(nodes, False)
        self.is_live = False
        self._written = signature(self._holders)
        kept = [found.lesion.number for found in outcome.where(kept=True)]
        return replace(moved, mask=int(np.isin(outcome.labels, kept).sum()))

    def move(self, setting: Setting) -> Counts:
        """One tick of a slider: the mask and the edits of the setting, in place of the lesions."""
        if not self.is_live:
            show_live(self._nodes, True)
            self.is_live = True
        return self._gate(setting.paint).move(*setting.gate)

    def strokes(self, outcome: Review) -> Paint:
        """What the reader painted and erased since the outcome was written; told once."""
        now = signature(self._holders)
        if now == self._written:
            return Paint()
        self._written = now
        return paint_between(outcome.whole(self._maps.grid.shape), self.labels())

    def labels(self) -> NDArray[np.uint8]:
        """The lesion segments as they are now, by number, on the whole grid."""
        return read_labels(self._holders, self._maps.grid)

    def tracked(self) -> Tracked:
        """What the segments keep of each lesion, by number."""
        return read_tracked(self._holders)

    def release(self) -> None:
        """What happens in the nodes from now on is no longer heard of."""
        self._mark.stop()

    @property
    def _holders(self) -> tuple[SegmentationNode, SegmentationNode]:
        return self._nodes.lesions, self._nodes.review

    def _gate(self, paint: Paint) -> LiveGate:
        if self._live is None or paint is not self._live_paint:
            self._live, self._live_paint = LiveGate(self._nodes.review, self._maps, paint), paint
        return self._live
