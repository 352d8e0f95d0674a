"""Whether the refiner earns its place: found lesions' outlines with it, and with simpler ways to move them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from ...core.gate import gate_logits
from ...evaluation.metrics import overlap, surface_distances
from ...evaluation.statistics import RESAMPLES, Estimate, Resampled, resampled
from ...inference.boundary import on_same_axes
from ...network.boundary.refiner import BoundaryRefiner
from ..taught_parts import EditGate
from .cases import EditCase
from .fit import Texts

SHIFTS = tuple(float(shift) for shift in np.arange(-2.0, 2.01, 0.25))
ALPHAS = (0.25, 0.5, 0.75, 1.0)
TAUS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
TOLERANCE_MM = 1.0
LEAST_SPREAD = 3.0
"""Of the delta's standard deviation in its mean: below it the refiner is a threshold."""

Mask = NDArray[np.bool_]
Deltas = Sequence[NDArray[np.float32]]
Figures = dict[str, float | None]


@dataclass(frozen=True)
class OutlineRow:
    """A site of found lesions: `dice` and `nsd` (1 mm) of the outlines there."""

    patient: str
    dice: float
    nsd: float


@dataclass(frozen=True, eq=False)
class EditJudgement:
    """Of found lesions in validation studies. `ways`: each way's outlines, of the same sites; `refined` with the gate.

    `mean`, `spread`: of delta in the bands. `removed`, `added`: voxels by the gate. `removing`: share of the studies in
    which some are removed. `false_ml`: volume of false findings with the gate less without, mL a site.
    """

    gate: EditGate
    shift: float
    ways: Mapping[str, Resampled]
    mean: float
    spread: float
    removed: int
    added: int
    removing: float
    false_ml: float
    sites: int
    studies: int

    def gain(self, over: str) -> dict[str, Estimate]:
        """The refined outlines' figures less another way's, paired."""
        return (self.ways["refined"] - self.ways[over]).estimates

    @property
    def earned(self) -> bool:
        """The delta varies, and outlines are better than by the best constant, the interval off zero."""
        interval = self.gain("best constant shift")["NSD 1 mm"].interval
        return interval is not None and interval[0] > 0 and self.spread >= LEAST_SPREAD * abs(self.mean)

    @property
    def harmless(self) -> bool:
        """The mean is no lower than by the constant: asked of studies that are unlike those learned from."""
        gain = self.gain("best constant shift")["NSD 1 mm"].value
        return gain is not None and gain >= 0

    @property
    def figures(self) -> dict[str, object]:
        """As plain values, for a bundle's metrics."""
        return {
            "sites": self.sites,
            "studies": self.studies,
            "delta": {"mean": round(self.mean, 4), "standard deviation": round(self.spread, 4)},
            "voxels": {"removed": self.removed, "added": self.added},
            "studies with voxels removed": round(self.removing, 4),
            "volume of a false finding, change in mL": round(self.false_ml, 4),
            "constant shift": self.shift,
            "outlines": {way: _plain(found.estimates) for way, found in self.ways.items()},
            "refined less": {way: _plain(self.gain(way)) for way in self.ways if way != "refined"},
        }


@torch.inference_mode()
def deltas_on_t2w(refiner: BoundaryRefiner, cases: Sequence[EditCase], texts: Texts) -> list[NDArray[np.float32]]:
    """[Z, Y, X] of each case, on its part of the T2W grid; 0 outside its band."""
    found = []
    for case in cases:
        delta = refiner(case.inputs.float(), texts(case.prompts[0])).numpy()
        found.append(np.where(case.edited, on_same_axes(delta[None], case.grid, case.box_grid)[0], np.float32(0)))
    return found


def agreement(cases: Sequence[EditCase], deltas: Deltas) -> float:
    """Mean of NSD and Dice over found lesions, the whole delta added. NSD alone would be raised by eating away at
    outlines, too."""
    rows = _rows(cases, deltas, lambda case, delta: _base(case) + delta > 0)
    return float(np.mean([(row.nsd + row.dice) / 2 for row in rows]))


def best_gate(cases: Sequence[EditCase], deltas: Deltas, tau: float) -> EditGate:
    """alpha: of the best mean NSD at `tau`; tau: then the lowest at which neither NSD nor Dice is below the base's and
    false findings do not grow."""

    def figures(gate: EditGate) -> NDArray[np.float64]:
        rows = _rows(cases, deltas, lambda case, delta: _gated(case, delta, gate))
        return np.array(
            [np.mean([row.nsd for row in rows]), np.mean([row.dice for row in rows]), -_false_ml(cases, deltas, gate)]
        )

    alpha = max(ALPHAS, key=lambda alpha: figures(EditGate(tau, alpha))[0])
    base = figures(EditGate(1.0, 0.0))
    harmless = [tau for tau in TAUS if bool((figures(EditGate(tau, alpha)) >= base).all())]
    return EditGate(min(harmless, default=tau), alpha)


def judged(
    cases: Sequence[EditCase], deltas: Deltas, gate: EditGate, old: EditGate, shift: float | None = None
) -> EditJudgement:
    """`old`: at which the network's own refiner works. `shift`: the constant to compare with, by default the best of
    `SHIFTS` on these cases."""
    ways: dict[str, Callable[[EditCase, NDArray[np.float32]], Mask]] = {
        "base": lambda case, _: _base(case) > 0,
        "dilated by a voxel": lambda case, _: binary_dilation(_base(case) > 0),
        "network's own refiner": lambda case, _: _gated(case, case.old.astype(np.float32) - _base(case), old),
        "refined": lambda case, delta: _gated(case, delta, gate),
    }
    shifted = {by: _rows(cases, deltas, lambda case, _, by=by: _shifted(case, by)) for by in SHIFTS}  # type: ignore[misc]
    best = shift if shift is not None else max(shifted, key=lambda by: float(np.mean([row.nsd for row in shifted[by]])))
    rows = {name: _rows(cases, deltas, way) for name, way in ways.items()} | {"best constant shift": shifted[best]}
    moved = np.concatenate([delta[case.edited] for case, delta in zip(cases, deltas, strict=True)])
    changes = [(case.study, *_changed(case, delta, gate)) for case, delta in zip(cases, deltas, strict=True)]
    studies = {case.study for case in cases}
    return EditJudgement(
        gate,
        best,
        {name: resampled(found, _figures, RESAMPLES) for name, found in rows.items()},
        float(moved.mean()),
        float(moved.std()),
        sum(removed for _, removed, _ in changes),
        sum(added for _, _, added in changes),
        len({study for study, removed, _ in changes if removed}) / len(studies),
        _false_ml(cases, deltas, gate),
        len(rows["base"]),
        len(studies),
    )


def _rows(
    cases: Sequence[EditCase], deltas: Deltas, way: Callable[[EditCase, NDArray[np.float32]], Mask]
) -> list[OutlineRow]:
    rows = []
    for case, delta in zip(cases, deltas, strict=True):
        if case.found:
            mask, truth = way(case, delta), case.lesions > 0
            distances = surface_distances(truth, mask, case.box_grid.spacing_zyx)
            rows.append(OutlineRow(str(case.study), overlap(truth, mask).dice, distances.nsd(TOLERANCE_MM)))
    return rows


def _figures(rows: Sequence[OutlineRow]) -> Figures:
    return {
        "Dice": float(np.mean([row.dice for row in rows])),
        "NSD 1 mm": float(np.mean([row.nsd for row in rows])),
    }


def _base(case: EditCase) -> NDArray[np.float32]:
    return case.base.astype(np.float32)


def _gated(case: EditCase, delta: NDArray[np.float32], gate: EditGate) -> Mask:
    base = _base(case)
    margin = gate_logits(base, base + delta, case.confidence.astype(np.float32), gate.tau, gate.alpha)
    mask: Mask = margin > 0
    return mask


def _shifted(case: EditCase, by: float) -> Mask:
    """Within the band, as the refiner."""
    base = _base(case)
    mask: Mask = np.where(case.edited, base + by, base) > 0
    return mask


def _changed(case: EditCase, delta: NDArray[np.float32], gate: EditGate) -> tuple[int, int]:
    before, after = _base(case) > 0, _gated(case, delta, gate)
    return int((before & ~after).sum()), int((after & ~before).sum())


def _false_ml(cases: Sequence[EditCase], deltas: Deltas, gate: EditGate) -> float:
    """Mean change of a false finding's volume."""
    changes = [
        (added - removed) * case.box_grid.voxel_ml
        for case, delta in zip(cases, deltas, strict=True)
        if not case.found
        for removed, added in [_changed(case, delta, gate)]
    ]
    return float(np.mean(changes)) if changes else 0.0


def _plain(estimates: Mapping[str, Estimate]) -> dict[str, object]:
    return {
        name: {
            "value": round(found.value, 4) if found.value is not None else None,
            "interval": [round(bound, 4) for bound in found.interval] if found.interval is not None else None,
        }
        for name, found in estimates.items()
    }
