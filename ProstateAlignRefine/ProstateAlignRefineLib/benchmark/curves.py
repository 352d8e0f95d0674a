"""What degradations do to a bundle's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bundle.config import Preprocessing
from ..core.study import Study
from ..evaluation.detection import Detection, detect
from ..evaluation.figures import Figures
from ..evaluation.metrics import overlap
from ..evaluation.statistics import resampled
from ..inference.preprocess import ADC_MEAN
from ..network.bundle import Bundle
from .degradations import MIRRORED, degradations
from .judging import gated_answers, loaded_bundle
from .phantom_study import load_phantom_study

Mask = NDArray[np.bool_]
TELLING = "agreement, where either answer finds something"


@dataclass(frozen=True)
class DegradedRow:
    """One study under one degradation.

    `agreement`: Dice with the answer to the study as acquired, mirrored back where the study was mirrored; `empty`:
    whether there is nothing in either, where the agreement is 1.
    """

    patient: str
    positive: bool
    dice: float
    agreement: float
    detection: Detection
    empty: bool


def judge_degraded(bundle: Path, folder: Path) -> tuple[DegradedRow, ...]:
    """A row for each of `degradations`."""
    phantom, loaded = load_phantom_study(folder), loaded_bundle(bundle)
    patient = f"{folder.parent.name}/{folder.name}"
    minimum_ml = loaded.config.minimum_lesion_ml
    rows: list[DegradedRow] = []
    first: Mask | None = None
    for degradation in degradations(blank_adc(loaded.config.preprocessing)):
        found = found_lesions(degradation.apply(phantom.study, patient), loaded)
        if degradation is MIRRORED:
            found = np.ascontiguousarray(found[..., ::-1])
        first = found if first is None else first
        truth = phantom.lesions > 0
        detection = detect(phantom.lesions, found, phantom.study.grid.spacing_zyx, minimum_ml)
        agreement, empty = overlap(first, found).dice, not (first | found).any()
        rows.append(DegradedRow(patient, bool(truth.any()), overlap(truth, found).dice, agreement, detection, empty))
    return tuple(rows)


def blank_adc(preprocessing: Preprocessing) -> float:
    """The ADC, 1e-6 mm2/s, that the network reads as zero."""
    return float(ADC_MEAN) if preprocessing.normalization == "absolute_adc" else 0.0


def found_lesions(study: Study, bundle: Bundle) -> Mask:
    """[Z, Y, X]: all findings at the bundle's own gate."""
    (given,) = gated_answers(study, bundle, (bundle.config.alpha,))
    found: Mask = given.labels > 0
    return found


def degraded_figures(rows: Sequence[DegradedRow]) -> Figures:
    """Of all studies under one degradation; None where no case tells a figure."""
    positives = [row for row in rows if row.positive]
    negatives = [row for row in rows if not row.positive]
    lesions = sum(row.detection.lesions for row in rows)
    found = sum(row.detection.found for row in rows)
    silent = sum(row.detection.false_positives == 0 for row in negatives)
    telling = [row.agreement for row in rows if not row.empty]
    return {
        "Dice, positives": float(np.mean([row.dice for row in positives])) if positives else None,
        "lesion sensitivity": found / lesions if lesions else None,
        "false positives a case": sum(row.detection.false_positives for row in rows) / len(rows),
        "empty answer, share of negatives": silent / len(negatives) if negatives else None,
        "agreement": float(np.mean([row.agreement for row in rows])),
        TELLING: float(np.mean(telling)) if telling else None,
    }


def curves_report(rows: Sequence[Sequence[DegradedRow]], resamples: int) -> dict[str, Any]:
    """`rows`: of each study, a row for each of `degradations`. Differences are to the studies as acquired."""
    labels = degradations(0.0)
    studies = [row[0] for row in rows]
    by_degradation = [[row[place] for row in rows] for place in range(len(labels))]
    drawn = [resampled(column, degraded_figures, resamples) for column in by_degradation]
    points = [
        {
            "curve": degradation.curve,
            "amount": degradation.amount,
            "figures": _plain(one.estimates),
            "differences": _plain((one - drawn[0]).estimates),
            "by family": _by_family(column),
        }
        for degradation, column, one in zip(labels, by_degradation, drawn, strict=True)
    ]
    return {
        "studies": len(studies),
        "positives": sum(row.positive for row in studies),
        "lesions": sum(row.detection.lesions for row in studies),
        "points": points,
    }


def _by_family(column: Sequence[DegradedRow]) -> dict[str, Figures]:
    families = sorted({_family(row) for row in column})
    return {family: degraded_figures([row for row in column if _family(row) == family]) for family in families}


def _family(row: DegradedRow) -> str:
    return row.patient.split("/")[0].split("-")[0]


def _plain(estimates: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in estimates.items()}
