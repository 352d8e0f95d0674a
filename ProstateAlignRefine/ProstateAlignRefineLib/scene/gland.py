"""The gland's outline as a segmentation of its own: a quiet line that can be shown, never part of the lesions."""

from __future__ import annotations

import numpy as np

from ..core.boxes import box_of
from ..core.maps import Maps
from ..core.palette import GLAND_RGB
from .mrml import Scene, SegmentationDisplayNode, SegmentationNode, VolumeNode
from .oriented import empty_image, voxels
from .segmentation import LABELMAP, add_segmentation
from .terminology import GLAND_TERMINOLOGY, new_segment

GLAND_ID = "gland"
LINE_WIDTH = 1


def add_gland(scene: Scene, maps: Maps, t2w: VolumeNode) -> SegmentationNode | None:
    """A new segmentation with one segment, which `style_result` draws; None where the zones show no gland."""
    gland = maps.gland()
    if gland is None:
        return None
    node = add_segmentation(scene, t2w, f"{t2w.GetName()} gland")
    box = box_of(gland)
    image = empty_image(maps.grid, box)
    voxels(image)[:] = gland[box.slices].astype(np.uint8)
    segment = new_segment("Prostate", GLAND_RGB)
    segment.SetTag(segment.GetTerminologyEntryTagName(), GLAND_TERMINOLOGY)
    segment.SetLabelValue(1)
    segment.AddRepresentation(LABELMAP, image)
    node.GetSegmentation().AddSegment(segment, GLAND_ID)
    return node


def style_gland(display: SegmentationDisplayNode) -> None:
    """A thin outline, hidden at first: a line along the capsule covers what extension through it is judged by."""
    display.SetVisibility2DFill(False)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(LINE_WIDTH)
    display.SetVisibility2D(False)
