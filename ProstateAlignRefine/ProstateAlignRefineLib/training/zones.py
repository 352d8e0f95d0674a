"""Which zone of the gland a voxel lies in, as far as masks tell: the anatomy head's targets."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.anatomy import GlandZone
from ..core.geometry import NEAREST, Grid, resample, to_array

IN_GLAND = len(GlandZone)
"""The code of voxels in the gland whose zone no mask tells."""
UNKNOWN = 255
"""The code of voxels of which nothing is known, which teach nothing."""


def zone_codes(zones: sitk.Image | None, gland: sitk.Image | None, grid: Grid) -> NDArray[np.uint8] | None:
    """Codes [Z, Y, X] of `GlandZone`, `IN_GLAND` or `UNKNOWN` on `grid`; None without a mask.

    `zones` holds codes of `GlandZone`, `gland` is above 0 in the gland; where they differ, a zone counts. What lies
    beyond the field of view of all masks is unknown.
    """
    codes = np.full(grid.shape, UNKNOWN, np.uint8)
    if gland is not None:
        told = _on(gland, grid)
        codes = np.where((told > 0) & (told != UNKNOWN), IN_GLAND, told).astype(np.uint8)
    if zones is not None:
        told = _on(zones, grid)
        inside = (told != UNKNOWN) & ((told > 0) | (codes == UNKNOWN))
        codes[inside] = told[inside]
    return None if zones is None and gland is None else codes


def _on(mask: sitk.Image, grid: Grid) -> NDArray[np.uint8]:
    return to_array(resample(sitk.Cast(mask, sitk.sitkUInt8), grid, NEAREST, outside=UNKNOWN))
