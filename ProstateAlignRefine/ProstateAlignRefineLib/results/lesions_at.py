"""The one way from maps to lesions: for command line, panel, evaluation and benchmark alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.boxes import Box, box_of, crop_grid
from ..core.findings.judge import Judge
from ..core.findings.regions import beside, numbered
from ..core.findings.rule import FindingRule
from ..core.gate import Gated, apply_gate
from ..core.geometry import resample, to_array
from ..core.lesions import MOST_LESIONS, Lesion, fewest_voxels, find_lesions
from ..core.maps import Maps
from ..core.places import Anatomy
from .setting import Paint, Setting


@dataclass(frozen=True, eq=False)
class LesionsAt:
    """What one setting makes of the maps. `gated`: the gate alone, [Z, Y, X]; `labels`: uint8 [Z, Y, X] in `box` of the
    T2W grid, numbered as the `lesions`, whose slices are counted on the whole grid.

    `candidates`: findings below the model's operating point that the setting shows; no lesions, numbered after these in
    `candidate_labels`, which fill the same box.
    """

    setting: Setting
    gated: Gated
    box: Box
    labels: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]
    candidate_labels: NDArray[np.uint8]
    candidates: tuple[Lesion, ...] = ()

    @property
    def whole(self) -> NDArray[np.uint8]:
        """The labels on the whole T2W grid, [Z, Y, X]."""
        return spread(self.labels, self.box, self.gated.mask.shape)

    @property
    def whole_candidates(self) -> NDArray[np.uint8]:
        """The candidates' labels on the whole T2W grid, [Z, Y, X]."""
        return spread(self.candidate_labels, self.box, self.gated.mask.shape)


def lesions_at(
    maps: Maps, adc: sitk.Image, setting: Setting, anatomy: Anatomy | None = None, judge: Judge | None = None
) -> LesionsAt:
    """Gate, drop what is too small, cut at deep saddles, add the reader's paint, judge, and measure what stands.

    `adc` (1e-6 mm2/s) on any grid. `anatomy`: that of `maps`, where the caller has it already. `judge`: of the same
    maps, where the caller has it already; without a rule in it all that the gate yields is a lesion.
    """
    gated = apply_gate(maps, setting.tau, setting.alpha)
    judge = judge or Judge(None, maps, {})
    findings, own = _findings(gated.mask, setting, judge)
    confidences = judge.confidences(findings)
    claimed, shown = _sorted(own, confidences, setting, judge.rule, int(findings.max(initial=0)))
    box = box_of((claimed | shown)[findings])
    inside, part = findings[box.slices], crop_maps(maps, box)
    diffusion, anatomy = to_array(resample(adc, part.grid)), anatomy or Anatomy.of(maps)

    def measured(which: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], tuple[Lesion, ...]]:
        sure = None if confidences is None else confidences[which[1:]].tolist()
        labels, found = find_lesions(numbered(inside, which[inside]), part, diffusion, anatomy, sure)
        return labels, tuple(_moved(lesion, box) for lesion in found)

    labels, lesions = measured(claimed)
    others, weak = measured(shown)
    weak = tuple(replace(one, number=one.number + len(lesions)) for one in weak[: MOST_LESIONS - len(lesions)])
    others = np.where((others > 0) & (others <= len(weak)), others + len(lesions), 0)
    return LesionsAt(setting, gated, box, labels, lesions, others.astype(np.uint8), weak)


def _findings(mask: NDArray[np.bool_], setting: Setting, judge: Judge) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels 1..n [Z, Y, X], and those of them that the reader painted into: these are never cut nor judged away."""
    fewest = fewest_voxels(judge.maps.grid, setting.minimum_ml)
    parts = judge.peaks.parted(mask, fewest)
    findings, own = _painted(parts, setting.paint)
    if judge.rule is not None:
        taken = (parts > 0) | (findings > 0)
        taken.ravel()[setting.paint.erased] = True  # what the reader took away does not come back as a candidate
        findings = beside(findings, judge.peaks.weaker(taken, fewest))
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


def _sorted(
    own: NDArray[np.int64],
    confidences: NDArray[np.float64] | None,
    setting: Setting,
    rule: FindingRule | None,
    count: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[0..count]: which findings are lesions, and which are shown as candidates; 0 is neither."""
    claimed, shown = np.zeros(count + 1, bool), np.zeros(count + 1, bool)
    if rule is None or confidences is None:
        claimed[1:] = True
        return claimed, shown
    claimed[1:] = confidences >= rule.operating_confidence
    claimed[own] = True
    shown[1:] = ~claimed[1:] & (confidences >= rule.shown_from(setting.false_positives))
    return claimed, shown


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
    first, last = (number + box.low[0] for number in lesion.slices)
    diameters = replace(lesion.diameters, slice=lesion.diameters.slice + box.low[0])
    return replace(lesion, slices=(first, last), diameters=diameters)
