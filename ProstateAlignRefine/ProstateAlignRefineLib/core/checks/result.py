"""Whether the gland found can be one: cut by a border, in pieces, of another size, without diffusion; and whether the
T2W's slices are such as the network reads."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..boxes import box_of, crop_grid
from ..cautions import Caution, caution
from ..geometry import Grid, resample, to_array, to_image
from ..maps import Maps
from ..study import Study
from .coverage import Shown, gland_coverage_cautions

# Glands of 8 to 300 mL are taken up at all; `USUAL_ML` and `USUAL_MM` are those of nearly all men that are scanned.
USUAL_ML = (12.0, 200.0)
USUAL_MM = ((28.0, 100.0), (18.0, 90.0), (20.0, 95.0))
"""Right-left, front-back, feet-head as the T2W grid's x, y, z."""
PIECES = 0.1
"""Share of all gland voxels outside the largest piece."""
CUT = 0.25
"""Area in the end slice of the T2W (or of the region read) by the largest slice's: base and apex taper to less."""
EDGE = 0.002
"""Share of the gland on the sides of the T2W or of the region read."""
THIN = 2 / 3
"""Distance of the T2W's slices by that of the network's: at a half and less, lesions get smaller or lost."""
NO_ADC = 0.05
"""Share of the gland with an ADC of zero or less, which fits and masks leave in noise."""


def result_cautions(study: Study, maps: Maps, region: Grid, seen: Shown) -> tuple[Caution, ...]:
    """`region`: the grid that the network read; `seen`: what is `shown` on the T2W's. Of the gland nothing where the
    model tells no anatomy."""
    return (*_slice_cautions(maps.grid, region), *_gland_cautions(study, maps, region, seen))


def _slice_cautions(grid: Grid, region: Grid) -> tuple[Caution, ...]:
    own, read = grid.spacing[2], region.spacing[2]
    return (caution("slices-thin", own=f"{own:.1f}", read=f"{read:.1f}"),) if own < THIN * read else ()


def _gland_cautions(study: Study, maps: Maps, region: Grid, seen: Shown) -> tuple[Caution, ...]:
    if maps.zones is None:
        return ()
    gland = maps.gland()
    if gland is None:
        return (caution("gland-not-found"),)
    return (
        *_shape_cautions(maps.zones > 0, gland, maps.grid),
        *_border_cautions(gland, maps.grid, region),
        *gland_coverage_cautions(gland, maps.grid, seen),
        *_adc_cautions(gland, study),
    )


def _shape_cautions(found: NDArray[np.bool_], gland: NDArray[np.bool_], grid: Grid) -> list[Caution]:
    volume = float(np.count_nonzero(gland)) * grid.voxel_ml
    index = np.argwhere(gland)[:, ::-1]
    size = (np.ptp(index, axis=0) + 1) * np.asarray(grid.spacing)
    usual = all(low <= length <= high for length, (low, high) in zip(size, USUAL_MM, strict=True))
    cautions = []
    if not (USUAL_ML[0] <= volume <= USUAL_ML[1] and usual):
        sizes = " x ".join(f"{length:.0f}" for length in size)
        cautions.append(caution("gland-unusual", ml=f"{volume:.0f}", sizes=sizes))
    pieces = 1 - float(np.count_nonzero(gland)) / float(np.count_nonzero(found))
    if pieces > PIECES:
        cautions.append(caution("gland-in-pieces", share=f"{pieces:.0%}"))
    return cautions


def _border_cautions(gland: NDArray[np.bool_], grid: Grid, region: Grid) -> list[Caution]:
    read = _on_region(gland, grid, region)
    cautions = []
    for box, name in ((gland, "T2W"), (read, "region that the network reads")):
        if _is_cut(box):
            cautions.append(caution("gland-cut", border=name))
            break
    return cautions


def _is_cut(gland: NDArray[np.bool_]) -> bool:
    areas = gland.sum(axis=(1, 2))
    if not areas.any():
        return False
    if max(areas[0], areas[-1]) > CUT * areas.max():
        return True
    at_border = gland[:, [0, -1], :].sum() + gland[:, :, [0, -1]].sum()
    return bool(at_border > EDGE * areas.sum())


def _on_region(gland: NDArray[np.bool_], grid: Grid, region: Grid) -> NDArray[np.bool_]:
    image = to_image(gland.astype(np.uint8), grid)
    on_region: NDArray[np.bool_] = to_array(resample(image, region, sitk.sitkNearestNeighbor)) > 0
    return on_region


def _adc_cautions(gland: NDArray[np.bool_], study: Study) -> list[Caution]:
    box = box_of(gland)
    adc = to_array(resample(study.adc, crop_grid(study.grid, box), outside=np.nan))[gland[box.slices]]
    finite = adc[np.isfinite(adc)]
    share = float(np.mean(finite <= 0)) if finite.size else 0.0
    if share <= NO_ADC:
        return []
    return [caution("adc-empty-in-gland", share=f"{share:.0%}")]
