"""The two forms of a segmentation that are written, Segmentation Type (0062,0001)."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from ...core.errors import InputError

LABEL_MAP_STORAGE = UID("1.2.840.10008.5.1.4.1.1.66.7")  # pydicom 3.0 has no name for it


class SegType(str, Enum):
    """BINARY: a bit a voxel, a frame a segment and slice; what every reader takes. LABELMAP: a label a voxel, a frame a
    slice (Label Map Segmentation Storage, of DICOM 2024d), which older readers and archives refuse."""

    BINARY = "binary"
    LABELMAP = "labelmap"

    def check(self, masks: NDArray[np.bool_]) -> None:
        """InputError where this form cannot hold the masks [Z, Y, X, n], or highdicom is too old to write it."""
        import highdicom as hd

        if self is SegType.BINARY:
            return
        if not hasattr(hd.seg.SegmentationTypeValues, self.name):
            raise InputError("The installed highdicom writes no LABELMAP; update it (0.26 or newer), or choose BINARY.")
        if (masks.sum(axis=-1) > 1).any():
            raise InputError("Lesions overlap, and a LABELMAP has one label a voxel; choose BINARY.")
