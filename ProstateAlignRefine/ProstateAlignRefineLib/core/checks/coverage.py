"""How much of the prostate, and of the gland found, each volume shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..cautions import Caution, caution
from ..errors import InputError
from ..geometry import NEAREST, Grid, to_array
from ..maps import Maps
from ..study import Modality, Study
from .slices import imaged

PLAUSIBLE_MM = (5.0, 1000.0)
"""Extent of a pelvic volume along any axis: no scanner images more, and less is spacing in metres or centimetres."""
ENOUGH_REGION = 0.9
"""Share of the 60 mm in the middle of the T2W: glands are 35 to 55 mm high and leave as much to spare."""
SHORT_T2W_MM = 40.0
"""A T2W of less height cannot hold most glands from base to apex."""
OUTSIDE_GLAND = 0.02
"""Share of the gland: half a slice of fifteen, below what the outline is right to."""
WITHHELD = -10.0
"""Margin (logit) where the ADC or the HBV has no image: nothing is marked there."""

THIRDS = ("lower", "middle", "upper")
Shown: TypeAlias = Mapping[Modality, NDArray[np.bool_]]


def check_extent(image: sitk.Image, name: str) -> None:
    """InputError where a field of view is not one of a body: wrong units of spacing, or a crop."""
    grid = Grid.of(image)
    least, most = PLAUSIBLE_MM
    for size, step in zip(grid.size, grid.spacing, strict=True):
        if not least <= size * step <= most:
            raise InputError(
                f"The {name} measures {_extent(grid)} mm, which is no field of view of a prostate study; its voxel "
                "spacing is wrong (millimetres are needed) or it is cut out; export it again."
            )


def shown(study: Study, grid: Grid) -> Shown:
    """Where on `grid` [z, y, x] the ADC and the HBV have an image; padding with a single value is none."""
    return {modality: _inside(imaged(study.volume(modality)), grid) for modality in (Modality.ADC, Modality.HBV)}


def region_cautions(study: Study, region: Grid) -> tuple[Caution, ...]:
    """Of the prostate region, before anything is known of the gland."""
    found = []
    height = study.grid.size[2] * study.grid.spacing[2]
    if height < SHORT_T2W_MM:
        found.append(caution("t2w-short", height=f"{height:.0f}"))
    for modality, inside in shown(study, region).items():
        share = float(inside.mean())
        if share < ENOUGH_REGION:
            found.append(
                caution("dwi-coverage", volume=modality.name, share=f"{share:.0%}", missing=_ends(inside, region))
            )
    return tuple(found)


def gland_coverage_cautions(gland: NDArray[np.bool_], grid: Grid, seen: Shown) -> tuple[Caution, ...]:
    """Of the gland found [Z, Y, X] on the T2W grid; `seen`: what is `shown` on it."""
    found = []
    thirds = _thirds(gland, grid)
    for modality, inside in seen.items():
        outside = float(np.count_nonzero(gland & ~inside)) / max(int(np.count_nonzero(gland)), 1)
        if outside > OUTSIDE_GLAND:
            parts = [
                f"{share:.0%} of the {name} third"
                for name, third in zip(THIRDS, thirds, strict=True)
                if (share := float(np.count_nonzero(third & ~inside)) / max(int(np.count_nonzero(third)), 1)) > 0.02
            ]
            found.append(
                caution("gland-outside-dwi", share=f"{outside:.0%}", volume=modality.name, parts=", ".join(parts))
            )
    return tuple(found)


def withheld_outside(maps: Maps, seen: Shown) -> tuple[Maps, tuple[Caution, ...]]:
    """The maps without lesions where the ADC or the HBV has no image, and a caution where there were any. `seen`: what
    is `shown` on their grid."""
    inside = np.logical_and(*seen.values())
    taken = ~inside & ((maps.base_margin > 0) | (maps.refined_margin > 0))
    if not taken.any():
        return maps, ()
    base, refined = (
        np.where(inside, margin, np.minimum(margin, WITHHELD)).astype(np.float32)
        for margin in (maps.base_margin, maps.refined_margin)
    )
    volume = float(np.count_nonzero(taken)) * maps.grid.voxel_ml
    withheld = caution("lesion-outside-dwi", ml=f"{volume:.2f}")
    return replace(maps, base_margin=base, refined_margin=refined), (withheld,)


def _inside(image: sitk.Image, grid: Grid) -> NDArray[np.bool_]:
    ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    ones.CopyInformation(image)
    covered: NDArray[np.bool_] = (
        to_array(sitk.Resample(ones, grid.empty(), sitk.Transform(), NEAREST, 0, sitk.sitkUInt8)) > 0
    )
    return covered


def _ends(inside: NDArray[np.bool_], region: Grid) -> str:
    """Which end of the stack is missing, in slices of the region."""
    seen = np.flatnonzero(inside.any(axis=(1, 2)))
    if not seen.size:
        return ""
    first, last = int(seen[0]), len(inside) - 1 - int(seen[-1])
    lower, upper = (first, last) if region.axes[2, 2] >= 0 else (last, first)
    step = region.spacing[2]
    parts = [f"the {name} {count * step:.0f} mm" for name, count in (("lower", lower), ("upper", upper)) if count]
    return f" ({' and '.join(parts)} missing)" if parts else " (a side is missing)"


def _thirds(gland: NDArray[np.bool_], grid: Grid) -> list[NDArray[np.bool_]]:
    """Lower, middle and upper third of the gland's slices."""
    used = np.flatnonzero(gland.any(axis=(1, 2)))
    order = used if grid.axes[2, 2] >= 0 else used[::-1]
    thirds = []
    for part in np.array_split(order, 3):
        third = np.zeros_like(gland)
        third[part] = gland[part]
        thirds.append(third)
    return thirds


def _extent(grid: Grid) -> str:
    return " x ".join(f"{size * step:.4g}" for size, step in zip(grid.size, grid.spacing, strict=True))
