"""The one way from maps to lesions: for command line, panel, evaluation and benchmark alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.boxes import Box, box_of, box_of_flat
from ..core.findings.judge import Judge, Near
from ..core.findings.regions import beside, numbered
from ..core.findings.rule import FindingRule
from ..core.gate import Gated, apply_gate
from ..core.geometry import to_array
from ..core.gland import body_axes
from ..core.lesions import MOST_LESIONS, Lesion, fewest_voxels, find_lesions
from ..core.maps import Maps
from ..core.places import Anatomy
from .setting import Paint, Setting

LESION, CANDIDATE = 1, 2


@dataclass(frozen=True, eq=False)
class LesionsAt:
    """What one setting makes of the maps. `labels`: uint8 [Z, Y, X] in `box` of the T2W grid, numbered as the
    `lesions`, whose slices are counted on the whole grid.

    `candidates`: findings below the model's operating point that the setting shows; no lesions, numbered after these in
    `candidate_labels`, which fill the same box.
    """

    maps: Maps
    setting: Setting
    box: Box
    labels: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]
    candidate_labels: NDArray[np.uint8]
    candidates: tuple[Lesion, ...] = ()

    @cached_property
    def gated(self) -> Gated:
        """The gate alone, on the whole T2W grid, [Z, Y, X]."""
        return apply_gate(self.maps, self.setting.tau, self.setting.alpha)

    @property
    def whole(self) -> NDArray[np.uint8]:
        """The labels on the whole T2W grid, [Z, Y, X]."""
        return spread(self.labels, self.box, self.maps.grid.shape)

    @property
    def whole_candidates(self) -> NDArray[np.uint8]:
        """The candidates' labels on the whole T2W grid, [Z, Y, X]."""
        return spread(self.candidate_labels, self.box, self.maps.grid.shape)


def lesions_at(
    maps: Maps, adc: sitk.Image, setting: Setting, anatomy: Anatomy | None = None, judge: Judge | None = None
) -> LesionsAt:
    """Gate, drop what is too small, cut at deep saddles, add the reader's paint, judge, and measure what stands.

    `adc` (1e-6 mm2/s) on any grid; read where the judge has none. `anatomy`: that of `maps`, where the caller has it
    already. `judge`: of the same maps, where the caller has it already; without a rule in it all that the gate yields
    is a lesion.
    """
    judge = judge or Judge(None, maps, {})
    shape = maps.grid.shape
    near = judge.near(box_of_flat(setting.paint.added, shape) if setting.paint.added.size else None)
    findings, own = _findings(
        near, replace(setting, paint=setting.paint.within(near.box, shape)), judge.rule is not None
    )
    confidences = judge.confidences(findings, near)
    ranks = _ranks(own, confidences, setting, judge.rule, int(findings.max(initial=0)))
    adc_here = judge.adc_near(adc, near)
    numbers, measured = find_lesions(
        findings, near.maps, adc_here, anatomy or Anatomy.of(maps), confidences, ranks=ranks
    )
    count = min(int(np.count_nonzero(ranks == LESION)), MOST_LESIONS)
    inner = box_of(numbers)
    labels, found = numbers[inner.slices], tuple(_moved(lesion, near) for lesion in measured)
    lesions, candidates = np.where(labels <= count, labels, 0), np.where(labels > count, labels, 0)
    return LesionsAt(maps, setting, inner.placed_in(near.box), lesions, found[:count], candidates, found[count:])


def _findings(near: Near, setting: Setting, weak: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels 1..n [Z, Y, X] in the box of `near`, in which the paint is counted too, with the weak ones where these are
    wanted; and those of them that the reader painted into: these are never cut nor judged away."""
    fewest = fewest_voxels(near.maps.grid, setting.minimum_ml)
    parts = near.peaks.parted(near.foreground(setting.tau, setting.alpha), fewest)
    findings, own = _painted(parts, setting.paint)
    if weak:
        taken = parts > 0
        if setting.paint:
            taken |= findings > 0
        taken.ravel()[setting.paint.erased] = True  # what the reader took away does not come back as a candidate
        findings = beside(findings, near.peaks.weaker(taken, fewest))
    return findings, own


def _painted(parts: NDArray[np.int32], paint: Paint) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Added voxels join all that they touch (26 neighbours) into one; what erased ones separate is two."""
    if not paint:
        return parts, np.zeros(0, np.int64)
    codes = parts.astype(np.int64)
    codes.ravel()[paint.added] = codes.max(initial=0) + 1
    codes.ravel()[paint.erased] = 0
    inside = codes > 0
    pieces = to_array(sitk.ConnectedComponent(sitk.GetImageFromArray(inside.astype(np.uint8)), True)).astype(np.int64)
    drawn = np.unique(pieces.ravel()[paint.added])
    joined = np.isin(pieces, drawn[drawn > 0])
    labels = numbered(np.where(joined, pieces, pieces.max(initial=0) * (1 + codes) + pieces), inside)
    return labels, np.unique(labels[joined]).astype(np.int64)


def _ranks(
    own: NDArray[np.int64],
    confidences: NDArray[np.float64] | None,
    setting: Setting,
    rule: FindingRule | None,
    count: int,
) -> NDArray[np.uint8]:
    """[0..count]: which findings are lesions, which are shown as candidates, and which are neither, as 0 is."""
    ranks = np.zeros(count + 1, np.uint8)
    if rule is None or confidences is None:
        ranks[1:] = LESION
        return ranks
    ranks[1:][confidences >= rule.shown_from(setting.false_positives)] = CANDIDATE
    ranks[1:][confidences >= rule.operating_confidence] = LESION
    ranks[own] = LESION
    return ranks


def spread(labels: NDArray[np.uint8], box: Box, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Labels that fill `box`, in a volume [Z, Y, X] of `shape` that is 0 elsewhere."""
    whole = np.zeros(shape, np.uint8)
    whole[box.slices] = labels
    return whole


def _moved(lesion: Lesion, near: Near) -> Lesion:
    """The lesion's slice numbers counted in the whole volume."""
    below = near.box.low[body_axes(near.maps.grid)[0][2]]
    first, last = (number + below for number in lesion.slices)
    diameters = replace(lesion.diameters, slice=lesion.diameters.slice + below)
    return replace(lesion, slices=(first, last), diameters=diameters)
