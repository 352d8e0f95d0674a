"""One study judged for one system: the case, and what only a benchmark asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ..core.anatomy import GlandZone
from ..core.boxes import box_around
from ..core.lesions import Lesion
from ..evaluation.calibration import Reliability
from ..evaluation.cases import CaseRow, LesionRow
from ..evaluation.detection import match_findings
from ..evaluation.figures import Figures, cohort_figures, share
from ..evaluation.metrics import overlap
from ..evaluation.strata import in_strata

NEIGHBOURHOOD_MM = 10.0
# Contrast-to-noise of a lesion: from the first up to the second.
CONTRASTS = {"below 1.5": (0.0, 1.5), "1.5 to 2.5": (1.5, 2.5), "above 2.5": (2.5, float("inf"))}
REGIONS = {
    "gland": tuple(zone for zone in GlandZone if zone != GlandZone.OUTSIDE),
    "peripheral zone": (GlandZone.PERIPHERAL,),
    "transition zone": (GlandZone.TRANSITION,),
    "central zone": (GlandZone.CENTRAL,),
    "anterior stroma": (GlandZone.ANTERIOR_STROMA,),
}

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AnatomyRow:
    """`dice` by region name, None where neither map has it; volumes of the gland in mL."""

    dice: dict[str, float | None]
    gland_ml: float
    true_gland_ml: float


@dataclass(frozen=True, eq=False)
class BenchmarkRow(CaseRow):
    """`reliability` is that of the gland and 10 mm around it, `everywhere` that of all voxels.

    `findings`: of the lesions found, confidence against being a lesion; None for a system that claims none.
    `anatomy`: None for a system that tells none. `contrasts`: of each of `lesions` (see `contrast`), where measured.
    """

    everywhere: Reliability | None = None
    findings: Reliability | None = None
    anatomy: AnatomyRow | None = None
    contrasts: tuple[float | None, ...] = ()

    @classmethod
    def of(
        cls,
        row: CaseRow,
        everywhere: Reliability | None = None,
        findings: Reliability | None = None,
        anatomy: AnatomyRow | None = None,
    ) -> BenchmarkRow:
        """What `evaluate` says of the case, and what only the benchmark measures."""
        case: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(CaseRow)}
        return cls(**case, everywhere=everywhere, findings=findings, anatomy=anatomy)


def benchmark_figures(rows: Sequence[CaseRow]) -> Figures:
    """`cohort_figures`, and where the rows have them, contrasts, calibration of all voxels and of findings, anatomy."""
    figures = {**cohort_figures(rows), **_contrast_figures(rows)}
    for field, name in (("everywhere", "all voxels"), ("findings", "findings")):
        measured = [part for row in rows if (part := getattr(row, field, None)) is not None]
        whole = reduce(add, measured) if measured else None
        told = whole if whole is not None and whole.count.sum() > 0 else None
        figures[f"ECE, {name}"] = told and told.expected_error
        figures[f"Brier score, {name}"] = told and told.brier
        if field == "findings":  # of voxels there are too many for an exact figure, and for chance to matter
            figures[f"ECE by chance, {name}"] = told and told.error_by_chance
    anatomies = [row.anatomy for row in rows if isinstance(row, BenchmarkRow) and row.anatomy is not None]
    return {**figures, **_anatomy_figures(anatomies)}


def within(mask: Mask, spacing_zyx: Sequence[float], reach_mm: float = NEIGHBOURHOOD_MM) -> Mask:
    """[Z, Y, X]: the mask and what lies within `reach_mm` of it."""
    near: Mask = np.zeros(mask.shape, bool)
    if not mask.any():
        return near
    box = box_around(mask, spacing_zyx, reach_mm).slices
    near[box] = distance_transform_edt(~mask[box], sampling=spacing_zyx) <= reach_mm
    return near


def by_contrast(rows: Sequence[CaseRow]) -> dict[str, list[LesionRow]]:
    """The lesions of every stratum of contrast; those whose contrast is not known are in none."""
    measured = [row for row in rows if isinstance(row, BenchmarkRow) and row.contrasts]
    pairs = [pair for row in measured for pair in zip(row.lesions, row.contrasts, strict=True)]
    return in_strata(((lesion, contrast) for lesion, contrast in pairs if contrast is not None), CONTRASTS)


def findings_reliability(labels: Labels, lesions: Sequence[Lesion], truth: Labels) -> Reliability:
    """Each finding's confidence, against whether it meets a lesion with an IoU of at least 0.10."""
    false = set(match_findings(truth, labels).false_positives)
    genuine = [lesion.number not in false for lesion in lesions]
    return Reliability.of(np.array([lesion.confidence for lesion in lesions]), np.array(genuine, bool))


def anatomy_row(zones: Labels, truth: Labels, voxel_ml: float) -> AnatomyRow:
    """Of zone codes [Z, Y, X] against the true ones; `voxel_ml`: of both grids."""
    dice: dict[str, float | None] = {}
    for name, codes in REGIONS.items():
        expected, told = np.isin(truth, codes), np.isin(zones, codes)
        dice[name] = overlap(expected, told).dice if expected.any() or told.any() else None
    volumes = [float(np.count_nonzero(labels)) * voxel_ml for labels in (zones, truth)]
    return AnatomyRow(dice, volumes[0], volumes[1])


def _contrast_figures(rows: Sequence[CaseRow]) -> Figures:
    return {
        f"lesion sensitivity, contrast {name}": share(sum(lesion.found for lesion in inside), inside)
        for name, inside in by_contrast(rows).items()
    }


def _anatomy_figures(anatomies: Sequence[AnatomyRow]) -> Figures:
    figures: Figures = {}
    for name in REGIONS:
        measured = [dice for row in anatomies if (dice := row.dice[name]) is not None]
        figures[f"Dice, {name}"] = float(np.mean(measured)) if measured else None
    errors = [abs(row.gland_ml - row.true_gland_ml) for row in anatomies]
    shares = [abs(row.gland_ml / row.true_gland_ml - 1) for row in anatomies if row.true_gland_ml > 0]
    figures["gland volume error, mL"] = float(np.mean(errors)) if errors else None
    figures["gland volume error, share"] = float(np.mean(shares)) if shares else None
    return figures
