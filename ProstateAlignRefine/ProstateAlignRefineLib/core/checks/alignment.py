"""How far one volume lies from where another shows the same body, by mutual information."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..geometry import Grid, around, resample, to_array

BINS = 24
"""Grey levels a volume, each with as many voxels: about the cube root of the voxels in the region."""

REACH_MM = (16.0, 16.0, 12.0)
"""How far is searched along the region's axes: motion between two series of one examination stays below it."""

LEAST_VOXELS = 500
"""Fewer voxels that both volumes show tell nothing."""

STRIDE = (1, 2, 2)
"""Steps of the first search, in voxels (z, y, x): the peak is two to four voxels wide in the plane."""

_FWHM = 2.355  # standard deviations of a Gaussian
_TAIL = 20.0  # standard deviations after which what lies beyond has no share in a smoothed float

Shift = tuple[int, int, int]


@dataclass(frozen=True)
class Alignment:
    """`displacement_mm`: what the moving volumes show lies this far (LPS, mm) from where the fixed one shows it.

    `information`, `information_in_place`: mutual information (nats, the sum over the moving volumes) with the
    displacement taken back, and as the volumes lie.
    """

    displacement_mm: tuple[float, float, float]
    information: float
    information_in_place: float

    @property
    def distance_mm(self) -> float:
        """Length of the displacement."""
        return float(np.linalg.norm(self.displacement_mm))

    @property
    def gain(self) -> float:
        """By which share the information grows where the displacement is taken back."""
        return self.information / max(self.information_in_place, 1e-6) - 1.0


def mutual_information(fixed: sitk.Image, moving: sitk.Image, region: Grid) -> float:
    """Nats, over the voxels of `region` that both volumes show; 0 where these are too few to tell."""
    return _information(_levels(fixed, region), _levels(moving, region))


def align(fixed: sitk.Image, moving: Sequence[sitk.Image], region: Grid) -> Alignment:
    """The translation (LPS, mm) of all `moving` volumes together that tells most about `fixed`, within `REACH_MM`.

    Zeros where the volumes share too little to tell. Searched on the region's lattice, every second point of the plane
    first, and then between its points.
    """
    wide, reach = _widened(region)
    levels = _levels(fixed, region)
    around = [_levels(volume, wide) for volume in moving]

    def score(shift: Shift) -> float:
        z, y, x = (slice(r + s, r + s + n) for r, s, n in zip(reach, shift, region.shape, strict=True))
        return sum(_information(levels, volume[z, y, x]) for volume in around)

    scores = _searched(score, reach)
    best = max(scores, key=scores.__getitem__)
    if scores[best] <= 0:
        return Alignment((0.0, 0.0, 0.0), 0.0, 0.0)
    x, y, z = region.axes @ (_between(scores, best)[::-1] * np.asarray(region.spacing))
    return Alignment((float(x), float(y), float(z)), scores[best], scores[0, 0, 0])


def _searched(score: Callable[[Shift], float], reach: Shift) -> dict[Shift, float]:
    """The score of every point of a coarse lattice, and of all points around its three best and around zero."""
    scores: dict[Shift, float] = {}

    def visit(points: Iterable[Shift]) -> None:
        for point in points:
            if point not in scores and all(abs(p) <= r for p, r in zip(point, reach, strict=True)):
                scores[point] = score(point)

    planes, rows, columns = (range(-(r // step) * step, r + 1, step) for r, step in zip(reach, STRIDE, strict=True))
    visit(product(planes, rows, columns))
    for z, y, x in [(0, 0, 0), *sorted(scores, key=scores.__getitem__, reverse=True)[:3]]:
        visit((z + dz, y + dy, x + dx) for dz, dy, dx in product((-1, 0, 1), repeat=3))
    best = max(scores, key=scores.__getitem__)
    visit((best[0] + dz, best[1] + dy, best[2] + dx) for dz, dy, dx in product((-1, 0, 1), repeat=3))
    return scores


def _widened(region: Grid) -> tuple[Grid, Shift]:
    """The region with `REACH_MM` around it on the same lattice, and the reach in voxels (z, y, x)."""
    x, y, z = (int(mm // step) for mm, step in zip(REACH_MM, region.spacing, strict=True))
    wide = region.centre_box((region.size[0] + 2 * x, region.size[1] + 2 * y, region.size[2] + 2 * z))
    return wide, (z, y, x)


def _levels(image: sitk.Image, grid: Grid) -> NDArray[np.int64]:
    """Grey levels [z, y, x], 1 to BINS by rank, so that neither window nor outliers count; 0 outside."""
    values = sampled(image, grid)
    inside = np.isfinite(values)
    levels = np.zeros(values.shape, np.int64)
    if np.count_nonzero(inside) >= LEAST_VOXELS:
        edges = np.quantile(values[inside], np.linspace(0, 1, BINS + 1)[1:-1])
        levels[inside] = np.searchsorted(edges, values[inside]) + 1
    return levels


def sampled(image: sitk.Image, grid: Grid) -> NDArray[np.float32]:
    """`image` on a coarser `grid` [z, y, x], smoothed in the plane to its spacing; NaN outside the field of view."""
    smoothed = sitk.Cast(image, sitk.sitkFloat32)
    widths = [grid.spacing[axis] / image.GetSpacing()[axis] / _FWHM for axis in (0, 1)]
    part = around(smoothed, grid, 2 + math.ceil(_TAIL * max(widths)))
    for axis in (0, 1):
        own, wanted = image.GetSpacing()[axis], grid.spacing[axis]
        if wanted > own * 1.2 and part.GetSize()[axis] >= 4:  # the filter needs as many
            part = sitk.RecursiveGaussian(part, float(np.sqrt(wanted**2 - own**2)) / _FWHM, direction=axis)
    start = smoothed.TransformPhysicalPointToIndex(part.GetOrigin())
    smoothed = sitk.Paste(smoothed, part, part.GetSize(), destinationIndex=start)
    values: NDArray[np.float32] = to_array(resample(smoothed, grid, outside=np.nan))
    return values


def _information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    levels = BINS + 1
    pairs = np.bincount((first * levels + second).ravel(), minlength=levels * levels)
    counts = pairs.reshape(levels, levels)[1:, 1:]  # what both show
    count = int(counts.sum())
    if count < LEAST_VOXELS:
        return 0.0
    joint = counts / count
    return _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1)) - _entropy(joint.ravel())


def _entropy(shares: NDArray[np.float64]) -> float:
    used = shares[shares > 0]
    return float(-(used * np.log(used)).sum())


def _between(scores: dict[Shift, float], best: Shift) -> NDArray[np.float64]:
    """The top of the parabola through the best point and its neighbours, along each axis (z, y, x)."""
    place = np.asarray(best, dtype=float)
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        z, y, x = (int(v) for v in np.asarray(best) - step)
        above_z, above_y, above_x = (int(v) for v in np.asarray(best) + step)
        low, high = scores.get((z, y, x)), scores.get((above_z, above_y, above_x))
        if low is not None and high is not None:
            curvature = low - 2 * scores[best] + high
            place[axis] += 0.5 * (low - high) / curvature if curvature < 0 else 0.0
    return place
