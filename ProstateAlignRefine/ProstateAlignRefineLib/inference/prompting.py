"""A prompt on a region that the network has read: margins, confidence and similarity as the prompt asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..core.anatomy import GlandZone, plausible_gland
from ..core.boxes import box_around
from ..core.geometry import Grid
from ..core.gland import measure_gland
from ..core.gland_coordinates import gland_coordinates
from ..core.maps import MAP_NAMES
from ..network.prompted.features import LARGEST_MARGIN, ImageFeatures, image_features
from .engine.choice import Loaded, engine_of
from .predictor import zones_of

AROUND_MM = 12.0
Slices: TypeAlias = tuple[slice, slice, slice]
MAPS = len(MAP_NAMES) + len(GlandZone)


@dataclass(frozen=True, eq=False)
class Region:
    """What `predict` gave of `volumes` [C, Z, Y, X] on `grid`: any prompt is answered from it, without the network.
    `finest`: channels of the decoder's finest level."""

    volumes: NDArray[np.float32]
    grid: Grid
    stacked: NDArray[np.float32]
    finest: int

    @cached_property
    def gland(self) -> NDArray[np.bool_] | None:
        """What the network took for the prostate [Z, Y, X]; None where nothing there can be one."""
        return plausible_gland(zones_of(self.stacked), self.grid)

    @cached_property
    def head_features(self) -> tuple[Slices, ImageFeatures]:
        """Where prompts can find something, and what the head reads there."""
        return _head_features(self)


def prompted(bundle: Loaded, region: Region) -> NDArray[np.float32]:
    """[9, Z, Y, X], see `predict`, as the bundle's prompts ask; unchanged where the bundle's own prompt is in force."""
    stacked = region.stacked[:MAPS] if bundle.prompted else region.stacked
    if bundle.prompted is None or not bundle.prompts:
        return stacked
    box, features = region.head_features
    change = np.full(region.grid.shape, -2 * LARGEST_MARGIN, np.float32)
    change[box] = engine_of(bundle).prompted_change(features, bundle.prompts)
    return _changed(stacked, change)


def _head_features(region: Region) -> tuple[Slices, ImageFeatures]:
    box = _box(region)
    coordinates = gland_coordinates(measure_gland(zones_of(region.stacked), region.grid), region.grid)

    inside = (slice(None), *box)

    def part(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return values[inside]

    kept = region.stacked[MAPS:]
    zones, decoder = (
        part(region.stacked[len(MAP_NAMES) : MAPS]),
        (part(kept[: region.finest]), part(kept[region.finest :])),
    )
    return box, image_features(part(region.volumes), part(region.stacked[:1]), zones, part(coordinates), decoder)


def _box(region: Region) -> Slices:
    """Around the gland, where lesions are; the whole region where there is no plausible gland."""
    if region.gland is None:
        return slice(None), slice(None), slice(None)
    return box_around(region.gland, region.grid.spacing_zyx, AROUND_MM).slices


def _changed(stacked: NDArray[np.float32], change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Margins shifted, and the odds of confidence and similarity with them."""
    result: NDArray[np.float32] = stacked.copy()
    for name in ("base_margin", "refined_margin"):
        result[MAP_NAMES.index(name)] += change
    for name in ("confidence", "similarity"):
        share = np.clip(stacked[MAP_NAMES.index(name)].astype(np.float64), 1e-9, 1 - 1e-9)
        result[MAP_NAMES.index(name)] = 1 / (1 + (1 - share) / share * np.exp(-change.astype(np.float64)))
    return result
