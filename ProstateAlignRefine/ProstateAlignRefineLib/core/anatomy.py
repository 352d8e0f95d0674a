"""The gland and its zones as the network sees them: their codes, and how much a place far outside is doubted."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .boxes import box_around, box_of
from .geometry import Grid, distance_mm, to_array

SMALLEST_GLAND_ML, LARGEST_GLAND_ML = 8.0, 300.0
"""Beyond these the found gland is no gland: the zones failed, and nothing is concluded from them."""

TRUSTED_MM = 5.0
"""Lesions cross the capsule, and gland outlines err by millimetres: 14 % of a lesion lies outside its gland mask, and
the gland's box with 5 mm around it holds 96 % of all lesions whole."""
DOUBTED_MM = 20.0
"""Beyond the reach of any extension: rectal wall, anal canal, muscle, bladder."""
MOST_DOUBT = 6.0
"""Logits taken off there: a probability of 0.9 falls to 0.02, one of 0.998 to 0.5. Strong, but no clipping."""


class GlandZone(IntEnum):
    """Codes of `Maps.zones`. The urethra counts as transition zone."""

    OUTSIDE = 0
    PERIPHERAL = 1
    TRANSITION = 2
    CENTRAL = 3
    ANTERIOR_STROMA = 4


def plausible_gland(zones: NDArray[np.uint8], grid: Grid) -> NDArray[np.bool_] | None:
    """The largest connected piece of the gland [Z, Y, X]; None where its volume is not that of a prostate."""
    found: NDArray[np.bool_] = zones > GlandZone.OUTSIDE
    if np.count_nonzero(found) * grid.voxel_ml < SMALLEST_GLAND_ML:
        return None
    box = box_of(found).slices
    pieces = sitk.ConnectedComponent(sitk.GetImageFromArray(found[box].astype(np.uint8)))
    gland = np.zeros(zones.shape, bool)
    gland[box] = to_array(sitk.RelabelComponent(pieces)) == 1
    volume = np.count_nonzero(gland) * grid.voxel_ml
    return gland if SMALLEST_GLAND_ML <= volume <= LARGEST_GLAND_ML else None


def outside_gland_penalty(zones: NDArray[np.uint8], grid: Grid) -> NDArray[np.float32]:
    """What to subtract from lesion margins (logits), [Z, Y, X] on `grid`.

    0 in the gland and up to `TRUSTED_MM` around it, then rising evenly to `MOST_DOUBT` at `DOUBTED_MM`; 0 everywhere
    where the zones hold no plausible gland.
    """
    gland = plausible_gland(zones, grid)
    if gland is None:
        return np.zeros(grid.shape, np.float32)
    penalty = np.full(grid.shape, MOST_DOUBT, np.float32)
    near = box_around(gland, grid.spacing_zyx, DOUBTED_MM).slices
    distance = distance_mm(gland[near], grid)
    penalty[near] = np.clip((distance - TRUSTED_MM) / (DOUBTED_MM - TRUSTED_MM), 0, 1) * MOST_DOUBT
    return penalty
