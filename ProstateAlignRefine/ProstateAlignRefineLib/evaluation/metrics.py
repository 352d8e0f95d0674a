"""How well a predicted mask meets the reference: overlap and surface measures with their empty rule spelled out.

Empty rule. Both masks empty: a perfect answer (overlap 1, distances 0, surface Dice 1). One empty: Dice, surface Dice
0 and no distance (None). Precision of an empty prediction and recall of an empty reference are 1: nothing was claimed
wrongly, nothing was missed.

Surface. A foreground voxel is surface if one of its six face neighbours is background; beyond the array is background.
Distances run between voxel centres, and each surface voxel counts once, whatever its area. A distance that is the
tolerance but for rounding is within it: NIfTI keeps 0.4 mm in 32 bits, as 0.4000000059.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from ..core.boxes import box_of

Mask = NDArray[np.bool_]
PERCENTILE = 95
ROUNDING = 1e-6
"""Relative: 32 bits keep a spacing to 6e-8, and an affine's columns are sums of a few such products."""
SPACING_DIGITS = 5
"""Of a spacing in mm: what a file format's rounding changes lies beyond."""


@dataclass(frozen=True)
class Overlap:
    """Voxel counts of one pair of masks."""

    tp: int
    fp: int
    fn: int

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 where neither mask has a voxel."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP): the share of the prediction that is right."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN): the share of the reference that is found."""
        return _share(self.tp, self.tp + self.fn)


@dataclass(frozen=True)
class SurfaceDistances:
    """Millimetres from each surface voxel of one mask to the nearest of the other; both empty where a mask is empty."""

    from_prediction: NDArray[np.float64]
    from_reference: NDArray[np.float64]
    both_masks_empty: bool = False

    @property
    def pooled(self) -> NDArray[np.float64]:
        """Of both surfaces, in mm."""
        return np.concatenate([self.from_prediction, self.from_reference])

    @property
    def hd95(self) -> float | None:
        """The larger of the two directed 95th percentiles, mm."""
        if not self.pooled.size:
            return self._without_surface(0.0)
        return float(max(np.percentile(d, PERCENTILE) for d in (self.from_prediction, self.from_reference)))

    @property
    def hd95_pooled(self) -> float | None:
        """95th percentile of both directions pooled, mm: for comparison with codes that pool."""
        return float(np.percentile(self.pooled, PERCENTILE)) if self.pooled.size else self._without_surface(0.0)

    @property
    def assd(self) -> float | None:
        """Average symmetric surface distance: mean over all surface voxels of both masks, mm."""
        return float(self.pooled.mean()) if self.pooled.size else self._without_surface(0.0)

    def nsd(self, tolerance_mm: float) -> float:
        """Normalised surface Dice: share of all surface voxels within the tolerance of the other surface."""
        if not self.pooled.size:
            return 1.0 if self.both_masks_empty else 0.0
        return float((self.pooled <= tolerance_mm * (1 + ROUNDING)).mean())

    def _without_surface(self, value: float) -> float | None:
        return value if self.both_masks_empty else None


@dataclass(frozen=True)
class CaseMetrics:
    """One case. Volumes in mL, distances in mm, None where a distance does not exist."""

    dice: float
    precision: float
    recall: float
    hd95: float | None
    hd95_pooled: float | None
    assd: float | None
    nsd_1mm: float
    nsd_2mm: float
    reference_ml: float
    prediction_ml: float

    @property
    def positive(self) -> bool:
        """Whether the reference holds a lesion."""
        return self.reference_ml > 0


def overlap(reference: Mask, prediction: Mask) -> Overlap:
    """Counts of voxels of two masks [Z, Y, X] on one grid."""
    both = int(np.count_nonzero(reference & prediction))
    return Overlap(
        tp=both,
        fp=int(np.count_nonzero(prediction)) - both,
        fn=int(np.count_nonzero(reference)) - both,
    )


def surface_distances(reference: Mask, prediction: Mask, spacing_zyx: Sequence[float]) -> SurfaceDistances:
    """`spacing_zyx` in mm, in the order of the array's axes."""
    nothing = np.zeros(0)
    if not (reference.any() and prediction.any()):
        return SurfaceDistances(nothing, nothing, both_masks_empty=not (reference.any() or prediction.any()))
    box = box_of(reference | prediction).slices
    surfaces = [_surface(mask[box]) for mask in (prediction, reference)]
    return SurfaceDistances(
        from_prediction=_distances(surfaces[0], surfaces[1], spacing_zyx),
        from_reference=_distances(surfaces[1], surfaces[0], spacing_zyx),
    )


def case_metrics(reference: Mask, prediction: Mask, spacing_zyx: Sequence[float]) -> CaseMetrics:
    """All measures of one pair of masks [Z, Y, X] on one grid; ValueError where the shapes differ.

    The same masks give the same figures whether their file keeps spacings in 32 bits, in 64, or as text.
    """
    spacing_zyx = [round(float(step), SPACING_DIGITS) for step in spacing_zyx]
    if reference.shape != prediction.shape:
        raise ValueError(f"reference {reference.shape} and prediction {prediction.shape} are not on one grid")
    reference, prediction = reference.astype(bool), prediction.astype(bool)
    counts = overlap(reference, prediction)
    surface = surface_distances(reference, prediction, spacing_zyx)
    voxel_ml = float(np.prod(spacing_zyx)) / 1000.0
    return CaseMetrics(
        dice=counts.dice,
        precision=counts.precision,
        recall=counts.recall,
        hd95=surface.hd95,
        hd95_pooled=surface.hd95_pooled,
        assd=surface.assd,
        nsd_1mm=surface.nsd(1.0),
        nsd_2mm=surface.nsd(2.0),
        reference_ml=(counts.tp + counts.fn) * voxel_ml,
        prediction_ml=(counts.tp + counts.fp) * voxel_ml,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _surface(mask: Mask) -> Mask:
    surface: Mask = mask & ~binary_erosion(mask)
    return surface


def _distances(start: Mask, goal: Mask, spacing_zyx: Sequence[float]) -> NDArray[np.float64]:
    """From every voxel of `start` to the nearest of `goal`, mm."""
    distances = np.asarray(distance_transform_edt(~goal, sampling=tuple(map(float, spacing_zyx))), np.float64)
    return distances[start]
