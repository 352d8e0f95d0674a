"""Findings of a study with known lesions: what is measured of each, and which lesion it meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import mean
from scipy.optimize import linear_sum_assignment

from ...core.findings.measures import OrdinaryTissue
from ...core.findings.regions import Peaks, beside
from ...core.gate import apply_gate
from ...core.geometry import Array
from ...core.lesions import fewest_voxels
from ...core.maps import Maps
from ...core.study import Modality
from ...evaluation.detection import HIT_IOU, intersections_over_unions


@dataclass(frozen=True)
class FindingGate:
    """The setting that findings are made at: a bundle's own."""

    tau: float
    alpha: float
    minimum_ml: float


@dataclass(frozen=True, eq=False)
class FindingCase:
    """One study. `measures` [n, MEASURES] of its findings, the first `marked` of which are foreground at the gate;
    `overlaps` [n, lesions]: intersection over union with each lesion. `voxel_means` [n]: of the confidence map, what a
    finding's confidence is without a rule."""

    measures: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    marked: int
    voxel_means: NDArray[np.float64]

    @property
    def lesions(self) -> int:
        """How many true lesions the study has."""
        return int(self.overlaps.shape[1])

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """[n]: which findings meet a lesion."""
        return np.asarray((self.overlaps >= HIT_IOU).any(axis=1))

    def found(self, kept: NDArray[np.bool_]) -> tuple[int, int]:
        """Lesions found by the findings kept [n], one to one, and how many of these meet none."""
        hits = self.overlaps[kept] >= HIT_IOU
        rows, columns = linear_sum_assignment(hits.astype(float), maximize=True)
        return int(hits[rows, columns].sum()), int((~hits.any(axis=1)).sum())


def finding_case(
    maps: Maps, images: Mapping[Modality, Array], lesions: NDArray[np.integer], gate: FindingGate
) -> FindingCase:
    """`images` and `lesions` (0 or a lesion's number) [Z, Y, X] on the grid of `maps`."""
    fewest = fewest_voxels(maps.grid, gate.minimum_ml)
    peaks = Peaks.of(maps.base_margin)
    parts = peaks.parted(apply_gate(maps, gate.tau, gate.alpha).mask, fewest)
    findings = beside(parts, peaks.weaker(parts > 0, fewest))
    numbers = [int(number) for number in np.unique(lesions[lesions > 0])]
    count = int(findings.max(initial=0))
    means = np.asarray(mean(maps.confidence, findings, np.arange(1, count + 1)), float).reshape(count)
    overlaps = intersections_over_unions(findings, count, lesions, numbers)
    return FindingCase(OrdinaryTissue.of(maps, images).measures(findings), overlaps, int(parts.max(initial=0)), means)


def stacked(cases: Sequence[FindingCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Measures and truth of all findings."""
    return np.concatenate([case.measures for case in cases]), np.concatenate([case.genuine for case in cases])
