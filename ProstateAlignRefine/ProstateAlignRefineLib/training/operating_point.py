"""Which margin counts as foreground: chosen on the validation cases, folded into the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..bundle.config import NUMBER_OF_CLASSES
from ..evaluation.metrics import overlap
from ..network.baselines import SegmentationNetwork
from ..network.network import FOREGROUND
from .validate import CaseResult

CUTS = np.arange(-10.0, 4.01, 0.5)
"""Margins tried; a finer step would read more from the validation cases than they say."""


LEAST_SPECIFICITY = 0.6
"""Share of the cases without a lesion in which nothing may be found; fixed beforehand."""


def best_cut(results: Sequence[CaseResult], minimum_ml: float) -> float:
    """The margin above which a voxel should be foreground.

    The best mean Dice over the cases with a lesion, among the cuts at which `LEAST_SPECIFICITY` of the others have
    nothing of `minimum_ml` or more above them (all cuts, where there are no others); of equally good cuts the middle
    one, and where no cut is as specific, the most specific.
    """
    positive = [result for result in results if result.positive]
    negative = [result for result in results if not result.positive]
    silent = np.array([np.mean([_silent(result, cut, minimum_ml) for result in negative] or [True]) for cut in CUTS])
    allowed = silent >= min(LEAST_SPECIFICITY, float(silent.max()))
    scores = np.array(
        [np.mean([overlap(result.truth, result.margin > cut).dice for result in positive]) for cut in CUTS]
    )
    best = np.flatnonzero(allowed & np.isclose(scores, scores[allowed].max()))
    return float(CUTS[best[len(best) // 2]])


def fold_cut(network: SegmentationNetwork, cut: float) -> None:
    """From now on the finest margins are lower by `cut`, so that foreground is what lies above 0."""
    shift = torch.zeros(NUMBER_OF_CLASSES)
    shift[FOREGROUND] = cut
    bias = dict(network.decoder.heads[-1].named_parameters())["bias"]
    with torch.no_grad():
        bias -= shift.to(bias)


def _silent(result: CaseResult, cut: float, minimum_ml: float) -> bool:
    return bool(np.count_nonzero(result.margin > cut) * result.voxel_ml < minimum_ml)
