"""How good the network is on held-out cases, through the predictor that inference uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.gate import gate_logits
from ..core.maps import MAP_NAMES
from ..evaluation.metrics import overlap
from ..inference.device import Compute
from ..inference.predictor import plan_forwards, predict
from ..network.bundle import Bundle
from .cases import Case
from .processes import Processes

VOXELS_KEPT = 2**18


@dataclass(frozen=True)
class CaseResult:
    """One case on the network grid.

    `margin` (gated foreground minus background logit) and `truth`: of evenly spaced voxels, enough for calibration
    and few enough for a thousand cases. `voxel_ml`: what each of them stands for.
    """

    positive: bool
    base_dice: float
    dice: float
    margin: NDArray[np.float32]
    truth: NDArray[np.bool_]
    voxel_ml: float


def validate(bundle: Bundle, cases: Iterable[Case], compute: Compute) -> list[CaseResult]:
    """Every case through inference's predictor, gated with the bundle's tau and alpha; unmirrored, which is 2 to 8
    times as fast.
    """
    read = unmirrored(bundle)
    return [_result(read, case, compute) for case in cases]


def unmirrored(bundle: Bundle) -> Bundle:
    """The bundle as cases are read with it while it is trained."""
    bundle.network.eval()
    inference = replace(bundle.config.inference, mirror_axes=())
    return replace(bundle, config=replace(bundle.config, inference=inference))


def maps_of(bundle: Bundle, case: Case, compute: Compute) -> dict[str, NDArray[np.float32]]:
    """Each of `MAP_NAMES` on the network grid."""
    volumes = case.volumes.astype(np.float32)
    plan = plan_forwards(bundle, case.lesions.shape, compute)
    return dict(zip(MAP_NAMES, predict(bundle, volumes, plan, compute, lambda _done, _all: None), strict=False))


def mean_dice(results: Sequence[CaseResult], processes: Processes, device: torch.device) -> tuple[float, float]:
    """With and without the refiner's edits, over the positive cases of all processes; NaN where there is none."""
    rows = [(result.dice, result.base_dice, 1.0) for result in results if result.positive]
    sums = torch.tensor(rows, dtype=torch.float64, device=device).reshape(-1, 3).sum(dim=0)
    gated, base, count = processes.total(sums).tolist()
    return (gated / count, base / count) if count else (float("nan"), float("nan"))


def _result(bundle: Bundle, case: Case, compute: Compute) -> CaseResult:
    maps = maps_of(bundle, case, compute)
    base = maps["base_margin"]
    margin = gate_logits(base, maps["refined_margin"], maps["confidence"], bundle.config.tau, bundle.config.alpha)
    truth = case.lesions > 0
    step = -(-truth.size // VOXELS_KEPT)
    return CaseResult(
        positive=bool(truth.any()),
        base_dice=overlap(truth, base > 0).dice,
        dice=overlap(truth, margin > 0).dice,
        margin=margin.ravel()[::step],
        truth=truth.ravel()[::step],
        voxel_ml=float(np.prod(case.spacing_mm)) / 1000 * step,
    )
