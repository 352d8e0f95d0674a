"""Edited voxels are no longer AUTOMATIC, whoever edits them, and before anyone exports them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import slicer

from .mrml import MrmlSegmentation, SegmentationNode
from .segmentation import lesion_segments
from .terminology import ALGORITHM_TYPE_TAG, SEMIAUTOMATIC, tag_of


class EditMark:
    """Tags the lesion segments of a node SEMIAUTOMATIC as soon as their voxels change outside `own_writing`.

    Slicer's own exporters read the tag, and nothing tells the module when they run.
    """

    def __init__(self, node: SegmentationNode) -> None:
        self._paused, self._segmentation = False, node.GetSegmentation()
        event = slicer.vtkSegmentation.SourceRepresentationModified
        self._observer = self._segmentation.AddObserver(event, self._changed)

    def stop(self) -> None:
        """Changes are no longer marked."""
        self._segmentation.RemoveObserver(self._observer)

    @contextmanager
    def own_writing(self) -> Iterator[None]:
        """What the block writes into the segmentation does not count as the reader's edit."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def _changed(self, segmentation: MrmlSegmentation, _event: str) -> None:
        if self._paused:
            return
        for _, segment in lesion_segments(segmentation):
            if tag_of(segment, ALGORITHM_TYPE_TAG) != SEMIAUTOMATIC:
                segment.SetTag(ALGORITHM_TYPE_TAG, SEMIAUTOMATIC)
