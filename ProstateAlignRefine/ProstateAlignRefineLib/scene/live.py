"""The gate while the slider moves: only voxels that some setting can change are computed and written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.boxes import Box, box_of
from ..core.gate import ADDED, REMOVED, gate_logits
from ..core.maps import Maps
from ..core.palette import ADDED_RGB, LESION_RGB, REMOVED_RGB
from ..results.setting import Paint
from .mrml import SegmentationNode
from .oriented import announce, empty_image, voxels
from .segmentation import LABELMAP
from .terminology import new_segment

MASK_ID, ADDED_ID, REMOVED_ID = "live-mask", "refiner-added", "refiner-removed"
SEGMENTS = {
    MASK_ID: ("Lesions while the gate moves", LESION_RGB, 1),
    ADDED_ID: ("Added by the refiner", ADDED_RGB, ADDED),
    REMOVED_ID: ("Removed by the refiner", REMOVED_RGB, REMOVED),
}


@dataclass(frozen=True)
class Counts:
    """Voxels of the mask, and of the refiner's edits in it."""

    mask: int
    added: int
    removed: int
    voxel_ml: float

    @property
    def mask_ml(self) -> float:
        return self.mask * self.voxel_ml

    @property
    def added_ml(self) -> float:
        return self.added * self.voxel_ml

    @property
    def removed_ml(self) -> float:
        return self.removed * self.voxel_ml


@dataclass(frozen=True)
class Movable:
    """The maps boiled down to what a slider tick needs.

    The gated margin runs evenly from the base margin (alpha 0) to the fully edited one (alpha 1), so a voxel on one
    side of zero at both ends never changes. `index` holds the others, flat in `box`; `base`, `refined`, `confidence`
    are their values. `settled` fills the box with the mask outside `index`.
    """

    box: Box
    settled: NDArray[np.uint8]
    index: NDArray[np.int64]
    base: NDArray[np.float32]
    refined: NDArray[np.float32]
    confidence: NDArray[np.float32]

    @classmethod
    def of(cls, maps: Maps, paint: Paint) -> Movable:
        """Painted and erased voxels are the reader's: the gate no longer moves them."""
        before = maps.base_margin > 0
        after = gate_logits(maps.base_margin, maps.refined_margin, np.float32(1), 0.0, 1.0) > 0
        movable = (before != after) & (maps.confidence > 0)
        for flat, value in ((paint.added, True), (paint.erased, False)):
            before.ravel()[flat] = value
            movable.ravel()[flat] = False
        box = box_of(before | movable)
        settled = before[box.slices].astype(np.uint8)
        index = np.flatnonzero(movable[box.slices])
        settled.ravel()[index] = 0
        base, refined, confidence = (
            np.ascontiguousarray(values[box.slices].ravel()[index])
            for values in (maps.base_margin, maps.refined_margin, maps.confidence)
        )
        return cls(box, settled, index, base, refined, confidence)


class LiveGate:
    """Writes the mask and the edits of a gate setting straight into the voxels of a review node's segments."""

    def __init__(self, node: SegmentationNode, maps: Maps, paint: Paint) -> None:
        self._movable = Movable.of(maps, paint)
        self._voxel_ml = maps.grid.voxel_ml
        self._settled = int(self._movable.settled.sum())
        self._from_base = self._movable.base > 0
        self._mask = empty_image(maps.grid, self._movable.box)
        self._edits = empty_image(maps.grid, self._movable.box)
        voxels(self._mask)[:] = self._movable.settled
        for segment_id, (name, colour, value) in SEGMENTS.items():
            segment = node.GetSegmentation().GetSegment(segment_id) or new_segment(name, colour)
            segment.SetLabelValue(value)
            segment.AddRepresentation(LABELMAP, self._mask if segment_id == MASK_ID else self._edits)
            if node.GetSegmentation().GetSegment(segment_id) is None:
                node.GetSegmentation().AddSegment(segment, segment_id)

    def move(self, tau: float, alpha: float) -> Counts:
        """One slider tick: mask and edits in the scene, and how many voxels they hold."""
        part = self._movable
        foreground = gate_logits(part.base, part.refined, part.confidence, tau, alpha) > 0
        added = foreground & ~self._from_base
        removed = self._from_base & ~foreground
        voxels(self._mask).ravel()[part.index] = foreground
        voxels(self._edits).ravel()[part.index] = added * np.uint8(ADDED) + removed * np.uint8(REMOVED)
        announce(self._mask)
        announce(self._edits)
        mask = self._settled + int(np.count_nonzero(foreground))
        return Counts(mask, int(np.count_nonzero(added)), int(np.count_nonzero(removed)), self._voxel_ml)
