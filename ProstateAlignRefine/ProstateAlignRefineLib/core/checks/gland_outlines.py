"""Another network's gland in place of the model's own, and a caution where the two disagree much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..anatomy import plausible_gland
from ..cautions import Caution, caution
from ..errors import InputError
from ..gland_shape import zones_within
from ..maps import Maps

LEAST_DICE, LARGEST_VOLUME_RATIO = 0.8, 1.25
"""Below, and above, the outlines disagree: volume, PSA density, level and sector then depend on whose is taken."""


def outlined_by(maps: Maps, gland: NDArray[np.bool_]) -> tuple[Maps, tuple[Caution, ...]]:
    """Maps whose zones fill the largest piece of `gland` [Z, Y, X], and the cautions of that.

    InputError where the model tells no zones, or where one of the two is no plausible gland.
    """
    own = maps.gland()
    other = plausible_gland(gland.astype(np.uint8), maps.grid)
    if maps.zones is None or own is None:
        raise InputError("The model found no gland whose zones could fill another outline; do without one.")
    if other is None:
        raise InputError("The gland network found no plausible gland in the T2W; do without its outline.")
    return replace(maps, zones=zones_within(maps.zones, other, maps.grid)), _differences(own, other, maps.grid.voxel_ml)


def _differences(own: NDArray[np.bool_], other: NDArray[np.bool_], voxel_ml: float) -> tuple[Caution, ...]:
    sizes = np.count_nonzero(own), np.count_nonzero(other)
    dice = 2 * np.count_nonzero(own & other) / sum(sizes)
    if dice >= LEAST_DICE and max(sizes) <= LARGEST_VOLUME_RATIO * min(sizes):
        return ()
    own_ml, other_ml = (f"{size * voxel_ml:.0f}" for size in sizes)
    return (caution("gland-outlines-differ", dice=f"{dice:.2f}", own=own_ml, other=other_ml),)
