"""The boundary refiner on a study's maps: crops around the findings, and what it says put back onto the T2W grid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.boxes import Box, box_around, box_of, crop_grid
from ..core.geometry import Grid, distance_mm, resample, to_array
from ..core.maps import MAP_NAMES, Maps
from ..core.study import Modality, Study
from ..network.boundary.settings import LARGEST_MARGIN, MARGIN_SCALE, BoundarySettings
from .engine.choice import Loaded, engine_of
from .preprocess import smoothed
from .prompting import MAPS, Region

LEAST_CONFIDENCE = 0.02
"""Below it nothing is edited, whatever tau."""
CONTEXT_MM = 4.5
"""How much more than the band is read."""


@dataclass(frozen=True, eq=False)
class Site:
    """Findings near each other. `box`: of the T2W grid. `band`: bool [Z, Y, X] in it, where margins may be edited."""

    box: Box
    band: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Crop:
    """`inputs` [C, Z, Y, X] of the boundary refiner on `grid`, which has the T2W's axes."""

    inputs: NDArray[np.float32]
    grid: Grid


def refined(bundle: Loaded, study: Study, region: Region, stacked: NDArray[np.float32], maps: Maps) -> Maps:
    """The maps with the boundary refiner's margins: base margins but in the bands; as they are without a refiner.

    `stacked`: what `prompted` made of `region`; `maps`: the same on the T2W grid.
    """
    if bundle.boundary is None or bundle.prompted is None:
        return maps
    settings, engine = bundle.boundary.settings, engine_of(bundle)
    prompts = bundle.prompts or (bundle.config.prompt,)
    margin = maps.base_margin.copy()
    reader = Reader(study, region, bundle.config.architecture.channels, settings)
    for site in edit_sites(maps, settings.reach_mm):
        crop = reader.crop(site, stacked)
        delta = engine.boundary_delta(crop.inputs, prompts)
        on_t2w = on_same_axes(delta[None], crop.grid, crop_grid(maps.grid, site.box))[0]
        margin[site.box.slices] += np.where(site.band, on_t2w, np.float32(0))
    return replace(maps, refined_margin=margin)


def edit_sites(maps: Maps, reach_mm: float) -> Iterator[Site]:
    """Within `reach_mm` of what the base found, where its confidence is above `LEAST_CONFIDENCE`."""
    found = maps.base_margin > 0
    if not found.any():
        return
    whole = box_around(found, maps.grid.spacing_zyx, reach_mm)
    near = distance_mm(found[whole.slices], maps.grid) <= reach_mm
    groups = to_array(sitk.ConnectedComponent(sitk.GetImageFromArray(near.astype(np.uint8)), True))
    for number in range(1, int(groups.max()) + 1):
        group = groups == number
        part = box_of(group)
        box = part.placed_in(whole)
        yield Site(box, group[part.slices] & (maps.confidence[box.slices] > LEAST_CONFIDENCE))


class Reader:
    """Makes crops of one study, its images at their own resolution.

    The images are brought to the network's scale: the mean and standard deviation that its input has in the region.
    """

    def __init__(self, study: Study, region: Region, channels: tuple[str, ...], settings: BoundarySettings) -> None:
        x_mm, z_mm = settings.spacing_mm, max(study.grid.spacing[2], settings.least_slice_mm)
        self._whole = study.grid.with_spacing((x_mm, x_mm, z_mm))
        self._region, self._t2w = region, study.grid
        self._images = [
            (study.volume(Modality(name.lower())), *_scale(study, region, n, name)) for n, name in enumerate(channels)
        ]

    def crop(self, site: Site, stacked: NDArray[np.float32]) -> Crop:
        """`stacked`: what `prompted` made of the region."""
        grid = self._around(site.box)
        images = [
            (to_array(resample(_part(image, grid), grid)) - mean) / deviation for image, mean, deviation in self._images
        ]
        margin = stacked[MAP_NAMES.index("base_margin")].clip(-LARGEST_MARGIN, LARGEST_MARGIN) * MARGIN_SCALE
        seen = np.concatenate([margin[None], stacked[len(MAP_NAMES) : MAPS]])
        return Crop(
            np.concatenate([np.stack(images), on_same_axes(seen, self._region.grid, grid)]).astype(np.float32), grid
        )

    def _around(self, box: Box) -> Grid:
        """The fine grid's part that holds the T2W's `box` and CONTEXT_MM in plane around it."""
        context = np.array([CONTEXT_MM, CONTEXT_MM, 0.0]) / self._whole.spacing
        low, high = (
            self._whole.to_index(self._t2w.to_lps(np.array(corner[::-1]) - shift))
            for corner, shift in ((box.low, 0), (box.high, 1))
        )
        first = np.clip(np.floor(low - context + 1e-6), 0, np.array(self._whole.size) - 1).astype(int)
        last = np.clip(np.ceil(high + context - 1e-6), first, np.array(self._whole.size) - 1).astype(int)
        x, y, z = (int(n) for n in first)
        x_end, y_end, z_end = (int(n) + 1 for n in last)
        return crop_grid(self._whole, Box((z, y, x), (z_end, y_end, x_end)))


def on_same_axes(values: NDArray[np.float32], grid: Grid, wanted: Grid) -> NDArray[np.float32]:
    """Values [C, Z, Y, X] on `grid` interpolated onto `wanted`, whose axes are the same; the nearest beyond."""
    start = grid.to_index(wanted.to_lps((0.0, 0.0, 0.0)))
    for axis, number in ((1, 2), (2, 1), (3, 0)):
        step = wanted.spacing[number] / grid.spacing[number]
        places = np.clip(start[number] + step * np.arange(wanted.size[number]), 0, grid.size[number] - 1)
        lower = np.minimum(places.astype(int), max(grid.size[number] - 2, 0))
        upper = np.minimum(lower + 1, grid.size[number] - 1)
        share = (places - lower).astype(np.float32).reshape([-1 if n == axis else 1 for n in range(4)])
        values = values.take(lower, axis) * (1 - share) + values.take(upper, axis) * share
    return values


def _scale(study: Study, region: Region, channel: int, name: str) -> tuple[float, float]:
    """Mean and standard deviation to take off and divide an image by, so that it is as the network's input is."""
    values = to_array(resample(study.volume(Modality(name.lower())), region.grid)).astype(np.float64)
    wanted = region.volumes[channel].astype(np.float64)
    deviation = max(float(values.std()), 1e-12) / max(float(wanted.std()), 1e-12)
    return float(values.mean() - wanted.mean() * deviation), deviation


def _part(image: sitk.Image, grid: Grid) -> sitk.Image:
    """What `grid` needs of an image, smoothed to its spacing where that is coarser."""
    own = Grid.of(image)
    corners = np.array(np.meshgrid(*[(-2, n + 1) for n in grid.size])).reshape(3, -1).T
    index = own.to_index(grid.to_lps(corners))
    low = np.clip(np.floor(index.min(axis=0)) - 3, 0, np.array(own.size) - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 4, low + 1, own.size).astype(int)
    part = image[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    return smoothed(part, grid.spacing)
