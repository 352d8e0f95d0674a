"""Figures of a cohort. Each is a number, or None where the cohort cannot give it.

`positives` are cases whose reference holds a lesion. All-case figures follow the empty rule of `metrics`. Distances are
averaged over the positives that have one: where nothing was predicted there is no surface to measure.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from .candidates import INSTALL, LesionCandidate
from .cases import CaseRow, LesionRow
from .strata import in_strata

Figures = dict[str, float | None]
Rows = Sequence[CaseRow]

# Reference volume, mL: from the first up to the second.
STRATA_EDGES_ML = (0.5, 1.5)
_SMALL, _LARGE = STRATA_EDGES_ML
STRATA = {"below 0.5 mL": (0.0, _SMALL), "0.5 to 1.5 mL": (_SMALL, _LARGE), "above 1.5 mL": (_LARGE, float("inf"))}
FROC_RATES = (0.125, 0.25, 0.5, 1.0, 2.0)


def cohort_figures(rows: Rows) -> Figures:
    """All figures, in the order of the report. `rows` may hold a case several times (bootstrap)."""
    return {
        **_overlap_figures(rows),
        **_lesion_figures(rows),
        **_stratum_figures(rows),
        **_detection_figures(rows),
        **_calibration_figures(rows),
    }


def froc(rows: Rows) -> tuple[list[float], list[float]]:
    """False positives a case, and lesion sensitivity, at every confidence from the highest down.

    Counted here, not by picai_eval 1.4, whose curve loses its last point where no lesion is missed.
    """
    candidates = sorted(_candidates(rows), key=lambda candidate: -candidate.confidence)
    lesions = sum(candidate.is_lesion for candidate in candidates)
    rates, shares, hits, alarms = [0.0], [0.0], 0, 0
    for place, candidate in enumerate(candidates):
        if candidate.confidence <= 0:
            break
        hits, alarms = hits + candidate.is_lesion, alarms + (not candidate.is_lesion)
        tied = place + 1 < len(candidates) and candidates[place + 1].confidence == candidate.confidence
        if not tied:
            rates.append(alarms / len(rows))
            shares.append(hits / lesions if lesions else 0.0)
    return rates, shares


def share(part: int, whole: Sequence[object]) -> float | None:
    """None of nothing."""
    return part / len(whole) if whole else None


def _overlap_figures(rows: Rows) -> Figures:
    positives = [row for row in rows if row.positive]
    figures: Figures = {}
    for subset, name in ((positives, "positives"), (rows, "all cases")):
        for field, label in (("dice", "Dice"), ("nsd_1mm", "NSD 1 mm"), ("nsd_2mm", "NSD 2 mm")):
            figures[f"{label}, {name}"] = _mean([getattr(row.metrics, field) for row in subset])
    figures["median Dice, positives"] = float(np.median([r.metrics.dice for r in positives])) if positives else None
    figures["HD95 mm, positives with a distance"] = _mean([row.metrics.hd95 for row in positives])
    figures["ASSD mm, positives with a distance"] = _mean([row.metrics.assd for row in positives])
    negatives = [row for row in rows if not row.positive]
    figures["empty answer, share of negatives"] = share(sum(r.metrics.prediction_ml == 0 for r in negatives), negatives)
    return figures


def _lesion_figures(rows: Rows) -> Figures:
    lesions, found, alarms = (
        sum(getattr(r.detection, n) for r in rows) for n in ("lesions", "found", "false_positives")
    )
    hits = [lesion for row in rows for lesion in row.lesions if lesion.found]
    return {
        "lesion sensitivity": found / lesions if lesions else None,
        "false positives a case": alarms / len(rows),
        "lesion precision": found / (found + alarms) if found + alarms else None,
        "lesion F1": 2 * found / (lesions + found + alarms) if lesions + alarms else None,
        "Dice, lesions found": _lesion_mean(hits, "dice"),
        "NSD 1 mm, lesions found": _lesion_mean(hits, "nsd_1mm"),
        "NSD 2 mm, lesions found": _lesion_mean(hits, "nsd_2mm"),
        "HD95 mm, lesions found": _lesion_mean(hits, "hd95"),
        "ASSD mm, lesions found": _lesion_mean(hits, "assd"),
    }


def _stratum_figures(rows: Rows) -> Figures:
    figures: Figures = {}
    lesions = ((lesion, lesion.metrics.reference_ml) for row in rows for lesion in row.lesions)
    for name, inside in in_strata(lesions, STRATA).items():
        figures[f"lesion sensitivity, {name}"] = share(sum(lesion.found for lesion in inside), inside)
        figures[f"Dice, lesions {name}, missed count 0"] = _lesion_mean(inside, "dice")
    return figures


def _detection_figures(rows: Rows) -> Figures:
    lesions = any(candidate.is_lesion for candidate in _candidates(rows))
    both_classes = len({row.positive for row in rows}) == 2
    precision, auroc = average_precision(rows) if lesions else None, area_under_roc(rows) if both_classes else None
    figures: Figures = {"AP": precision, "AUROC": auroc}
    figures["PI-CAI score"] = None if precision is None or auroc is None else (precision + auroc) / 2
    rates, shares = froc(rows)
    for limit in FROC_RATES:
        reached = max(share for rate, share in zip(rates, shares, strict=True) if rate <= limit)
        figures[f"lesion sensitivity at {limit:g} false positives a case"] = reached if lesions else None
    return figures


def _calibration_figures(rows: Rows) -> Figures:
    parts = [row.reliability for row in rows if row.reliability is not None]
    if not parts:
        return {"ECE": None, "Brier score": None}
    whole = reduce(add, parts)
    return {"ECE": whole.expected_error, "Brier score": whole.brier}


def average_precision(rows: Rows) -> float:
    """Of lesion candidates, by picai_eval: missed lesions stay missed at every threshold."""
    return float(_picai_metrics(rows).calc_AP()) + 0.0  # never -0


def area_under_roc(rows: Rows) -> float:
    """Of case scores, by picai_eval."""
    return float(_picai_metrics(rows).calc_auroc())


def save_picai_metrics(rows: Rows, path: Path) -> None:
    """A file that `picai_eval.Metrics` reads: candidates, case scores and targets by the names of the cases."""
    _picai_metrics(rows, [row.case for row in rows]).save(path)


def _picai_metrics(rows: Rows, names: Sequence[Hashable] | None = None) -> Any:
    """`names`: of the cases; their numbers where a case may be there twice."""
    try:
        from picai_eval.metrics import Metrics
    except ImportError as error:
        raise InputError(f"AP and AUROC need picai_eval; {INSTALL}") from error
    named = dict(zip(range(len(rows)) if names is None else names, rows, strict=True))
    return Metrics(
        lesion_results={
            name: [(int(c.is_lesion), c.confidence, c.iou) for c in row.detections.candidates]
            for name, row in named.items()
        },
        case_target={name: int(row.positive) for name, row in named.items()},
        case_pred={name: row.detections.score for name, row in named.items()},
        sort=False,
    )


def _candidates(rows: Rows) -> list[LesionCandidate]:
    return [candidate for row in rows for candidate in row.detections.candidates]


def _lesion_mean(lesions: Sequence[LesionRow], field: str) -> float | None:
    return _mean([getattr(lesion.metrics, field) for lesion in lesions])


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
