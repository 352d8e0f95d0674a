"""The one way from maps to lesions: for command line, panel, evaluation and benchmark alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.boxes import Box, box_of, crop_grid
from ..core.gate import Gated, apply_gate
from ..core.geometry import resample, to_array, to_image
from ..core.lesions import Lesion, find_lesions
from ..core.maps import Maps
from ..core.places import Anatomy
from .setting import Setting


@dataclass(frozen=True, eq=False)
class LesionsAt:
    """What one setting makes of the maps. `gated`: the gate alone, [Z, Y, X]; `labels`: uint8 [Z, Y, X] in `box` of the
    T2W grid, numbered as the `lesions`, whose slices are counted on the whole grid."""

    setting: Setting
    gated: Gated
    box: Box
    labels: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]

    @property
    def whole(self) -> NDArray[np.uint8]:
        """The labels on the whole T2W grid, [Z, Y, X]."""
        return spread(self.labels, self.box, self.gated.mask.shape)


def lesions_at(maps: Maps, adc: sitk.Image, setting: Setting, anatomy: Anatomy | None = None) -> LesionsAt:
    """Gate, drop what is too small, add the reader's paint, and measure what stands.

    `adc` (1e-6 mm2/s) on any grid. `anatomy`: that of `maps`, where the caller has it already.
    """
    gated = apply_gate(maps, setting.tau, setting.alpha)
    mask = without_small(gated.mask, maps, setting.minimum_ml)
    mask.ravel()[setting.paint.added] = True
    mask.ravel()[setting.paint.erased] = False
    box = box_of(mask)
    part = crop_maps(maps, box)
    diffusion = to_array(resample(adc, part.grid))
    labels, lesions = find_lesions(mask[box.slices], part, diffusion, anatomy or Anatomy.of(maps))
    return LesionsAt(setting, gated, box, labels, tuple(_moved(lesion, box) for lesion in lesions))


def without_small(mask: NDArray[np.bool_], maps: Maps, minimum_ml: float) -> NDArray[np.bool_]:
    """A copy of `mask` [Z, Y, X] on the maps' grid less its components (26 neighbours) below the volume."""
    box = box_of(mask)
    part = to_image(mask[box.slices].astype(np.uint8), crop_grid(maps.grid, box))
    fewest = int(np.ceil(minimum_ml / maps.grid.voxel_ml - 1e-9))
    kept = np.zeros_like(mask)
    kept[box.slices] = to_array(sitk.RelabelComponent(sitk.ConnectedComponent(part, True), max(fewest, 0))) > 0
    return kept


def crop_maps(maps: Maps, box: Box) -> Maps:
    """The maps' part in the box, as views."""
    return Maps(crop_grid(maps.grid, box), **{name: array[box.slices] for name, array in maps.arrays.items()})


def spread(labels: NDArray[np.uint8], box: Box, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Labels that fill `box`, in a volume [Z, Y, X] of `shape` that is 0 elsewhere."""
    whole = np.zeros(shape, np.uint8)
    whole[box.slices] = labels
    return whole


def _moved(lesion: Lesion, box: Box) -> Lesion:
    """The lesion's slice numbers counted in the whole volume."""
    first, last = lesion.slices
    return replace(lesion, slices=(first + box.low[0], last + box.low[0]))
