"""From a mask, or the parts that findings were cut into, to lesions with the measures a report needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .boxes import boxes_of
from .diameters import Diameters, measure_diameters
from .extents import Extents
from .geometry import Array, Grid, to_array, to_image, triple
from .gland import body_axes
from .maps import Maps
from .places import Anatomy, Place

MOST_LESIONS = 255  # the label volume is uint8


@dataclass(frozen=True)
class Lesion:
    """One lesion on the T2W grid.

    Diameters are the largest distance between points of the voxel outline (centres of voxel faces), in mm: within one
    axial slice, and in 3D (IBSI "maximum 3D diameter"). ADC in 1e-6 mm2/s over voxels where the map is above zero,
    None where it is nowhere. `centre_lps`: centroid, mm. `slices`: first and last axial T2W slice, counted from 0
    in the order of the grid.
    `diameters`: those a radiologist takes; their `slice` is counted as `slices` are.
    `place`: side, level, zone and sector, as far as the model tells the anatomy. `confidence`: how likely it is a
    lesion by the model's rule of findings; without a rule the `mean_confidence` of its voxels, which is not calibrated.
    """

    number: int
    volume_ml: float
    max_axial_diameter_mm: float
    diameter_3d_mm: float
    mean_adc: float | None
    p10_adc: float | None
    mean_confidence: float
    max_confidence: float
    mean_similarity: float
    centre_lps: tuple[float, float, float]
    slices: tuple[int, int]
    place: Place
    confidence: float
    diameters: Diameters


def find_lesions(
    found: NDArray[np.bool_] | NDArray[np.integer],
    maps: Maps,
    adc: Array,
    anatomy: Anatomy | None = None,
    confidences: Sequence[float] | NDArray[np.float64] | None = None,
    *,
    ranks: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.uint8], tuple[Lesion, ...]]:
    """Labels [Z, Y, X] (0 background, 1..n) and their lesions, numbered by falling confidence.

    `found`: labels 1..n of the findings, or a mask, whose connected components (26 neighbours) they are. It and `adc`
    lie on the grid of `maps`. `anatomy`: that of the whole T2W; told from `maps` where it lacks. `confidences`: of the
    labels 1..n; None where no rule tells any. `ranks` [n + 1] of the labels 0..n: lower ones come first, and what has 0
    is no lesion; where it lacks all have the same.
    """
    anatomy = anatomy or Anatomy.of(maps)
    components = _components(found > 0, maps.grid) if found.dtype == bool else found
    measured = []
    for label, bounds in boxes_of(components):
        rank = 1 if ranks is None else int(ranks[label])
        if rank == 0:
            continue
        box = bounds.slices
        lesion = _measure(components[box] == label, box, maps, adc, anatomy)
        if confidences is not None:
            lesion = replace(lesion, confidence=float(confidences[label - 1]))
        measured.append((rank, label, box, lesion))
    measured.sort(key=lambda item: (item[0], -item[3].confidence, -item[3].volume_ml))
    labels = np.zeros(components.shape, np.uint8)
    lesions = []
    for number, (_, label, box, lesion) in enumerate(measured[:MOST_LESIONS], start=1):
        labels[box][components[box] == label] = number
        lesions.append(replace(lesion, number=number))
    return labels, tuple(lesions)


def fewest_voxels(grid: Grid, minimum_ml: float) -> int:
    """Of a finding that is not too small."""
    return max(int(np.ceil(minimum_ml / grid.voxel_ml - 1e-9)), 1)


def _components(mask: NDArray[np.bool_], grid: Grid) -> Array:
    return to_array(sitk.ConnectedComponent(to_image(mask.astype(np.uint8), grid), True))


def _measure(
    inside: NDArray[np.bool_], box: tuple[slice, slice, slice], maps: Maps, adc: Array, anatomy: Anatomy
) -> Lesion:
    first = box[0].start, box[1].start, box[2].start
    axes, _ = body_axes(maps.grid)
    up = axes[2]
    middle, count = _middle(inside)
    extents = Extents.of(inside, maps.grid.spacing_zyx, up)
    diffusion = adc[box][inside]
    diffusion = diffusion[diffusion > 0]
    confidence = maps.confidence[box][inside]
    centre = triple(maps.grid.to_lps((middle + first)[::-1]))
    diameters = measure_diameters(inside, first, maps.grid, axes, extents)
    return Lesion(
        number=0,
        volume_ml=count * maps.grid.voxel_ml,
        max_axial_diameter_mm=diameters.longest.length_mm,
        diameter_3d_mm=extents.in_3d,
        mean_adc=float(diffusion.mean()) if diffusion.size else None,
        p10_adc=float(np.percentile(diffusion, 10)) if diffusion.size else None,
        mean_confidence=float(confidence.mean()),
        max_confidence=float(confidence.max()),
        mean_similarity=float(maps.similarity[box][inside].mean()),
        centre_lps=centre,
        slices=(first[up], box[up].stop - 1),
        place=anatomy.place(centre, None if maps.zones is None else maps.zones[box][inside]),
        confidence=float(confidence.mean()),
        diameters=diameters,
    )


def _middle(inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int]:
    """The mean voxel (z, y, x) of a mask, and how many voxels it has."""
    plane = inside.sum(axis=0)
    lines = inside.sum(axis=(1, 2)), plane.sum(axis=1), plane.sum(axis=0)
    count = int(plane.sum())
    return np.array([line @ np.arange(len(line)) / count for line in lines]), count
