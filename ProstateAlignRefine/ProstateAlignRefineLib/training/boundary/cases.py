"""What is kept of a study to learn outlines from: crops around what the base found, and the lesions there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.boxes import crop_grid
from ...core.descriptions import GENERIC, draw_description
from ...core.geometry import Grid, to_array
from ...core.phrases import phrase
from ...core.study import Study
from ...inference.boundary import Crop, Reader, edit_sites, on_same_axes
from ...inference.predictor import maps_on
from ...inference.prompting import Region, prompted
from ...network.boundary.settings import BoundarySettings
from ...network.bundle import Bundle
from ...phantom import Truth, gland_zones
from ..prompts.cases import described_lesions

PROMPTS = 6
FOUND_SHARE = 0.1
"""Of a lesion's voxels, that the base must have marked for the lesion to be found."""


@dataclass(frozen=True, eq=False)
class EditCase:
    """A site (see inference.boundary) of the study `study`, float16 and bool to save memory.

    On the crop's grid: `inputs` [C, Z, Y, X], `band`, `truth` (found lesions). On the T2W's in `box_grid`: `base`
    margin, `old` (what the bundle's network says refined), `confidence`, `edited` (the band), `lesions` numbers, 0 for
    none and for those not found. `prompts`: the bundle's own first, then what else the lesion here may be called.
    """

    study: int
    grid: Grid
    inputs: Tensor
    band: Tensor
    truth: Tensor
    box_grid: Grid
    base: NDArray[np.float16]
    old: NDArray[np.float16]
    confidence: NDArray[np.float16]
    edited: NDArray[np.bool_]
    lesions: NDArray[np.uint8]
    prompts: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether there is a lesion here; else the base errs."""
        return bool(self.lesions.any())


def edit_cases(
    bundle: Bundle, settings: BoundarySettings, reading: tuple[Study, Region], truth: Truth, number: int
) -> Iterator[EditCase]:
    """Of the study `number`, and what the bundle's network saw in it."""
    study, region = reading
    stacked = prompted(bundle, region)
    maps = maps_on(study.grid, region.grid, stacked)
    lesions, zones = (to_array(image).astype(np.uint8) for image in (truth.lesions, truth.zones))
    lesions = _found(lesions, maps.base_margin > 0)
    targets = described_lesions(lesions, gland_zones(zones), study.grid)
    reader = Reader(study, region, bundle.config.architecture.channels, settings)
    rng = np.random.default_rng(number)
    for site in edit_sites(maps, settings.reach_mm):
        crop = reader.crop(site, stacked)
        here, grid = lesions[site.box.slices], crop_grid(study.grid, site.box)
        named = [targets[int(label)] for label in np.unique(here[here > 0])]
        calls = (phrase(draw_description(rng, named), rng) for _ in range(PROMPTS if len(named) == 1 else 0))
        yield EditCase(
            number,
            crop.grid,
            torch.from_numpy(crop.inputs).half(),
            _on_crop(site.band, grid, crop),
            _on_crop(here > 0, grid, crop),
            grid,
            maps.base_margin[site.box.slices].astype(np.float16),
            maps.refined_margin[site.box.slices].astype(np.float16),
            maps.confidence[site.box.slices].astype(np.float16),
            site.band,
            here,
            (phrase(GENERIC, rng), *calls),
        )


def _found(lesions: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Those of which the base marked enough."""
    sizes = np.bincount(lesions.ravel(), minlength=256)
    marked = np.bincount(lesions[mask], minlength=256)
    kept = marked >= np.maximum(FOUND_SHARE * sizes, 1)
    return np.where(kept[lesions], lesions, 0).astype(np.uint8)


def _on_crop(mask: NDArray[np.bool_], grid: Grid, crop: Crop) -> Tensor:
    """Beyond `grid` nothing."""
    padded = np.pad(mask.astype(np.float32), 1)
    z, y, x = -1, -1, -1
    origin = tuple(float(value) for value in grid.to_lps((x, y, z)))
    size = (grid.size[0] + 2, grid.size[1] + 2, grid.size[2] + 2)
    wider = Grid(size, grid.spacing, (origin[0], origin[1], origin[2]), grid.direction)
    return torch.from_numpy(on_same_axes(padded[None], wider, crop.grid)[0] >= 0.5)
