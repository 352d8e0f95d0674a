"""The figures of one family of studies: every system, beside the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..evaluation.figures import STRATA
from ..evaluation.statistics import Resampled, paired_tests, resampled
from ..evaluation.strata import in_strata
from .judging import MODEL, SYSTEMS, Rows
from .rows import BenchmarkRow, benchmark_figures, by_contrast

FIELDS = {"ECE": "ECE, gland and 10 mm", "Brier score": "Brier score, gland and 10 mm"}
"""What the region of calibration is here."""

WORST = 3

# `drawn_figures` of several systems, in order.
Draw = Callable[[Sequence[Sequence[BenchmarkRow]]], Iterable[Resampled]]


def family_report(rows: Sequence[Rows], draw: Draw, resamples: int) -> dict[str, Any]:
    """`rows`: of each study. `draw` may share the work among processes."""
    systems = {name: [row[name] for row in rows] for name in SYSTEMS}
    drawn = dict(zip(systems, draw(list(systems.values())), strict=True))
    rivals = [name for name in SYSTEMS if name != MODEL]
    model = systems[MODEL]
    lesions = [lesion.metrics.reference_ml for row in model for lesion in row.lesions]
    return {
        "studies": len(rows),
        "positives": sum(row.positive for row in model),
        "lesions": len(lesions),
        "lesions by volume": {
            name: len(inside) for name, inside in in_strata(zip(lesions, lesions, strict=True), STRATA).items()
        },
        "lesions by contrast": {name: len(inside) for name, inside in by_contrast(model).items()},
        "systems": {name: _plain(one.estimates) for name, one in drawn.items()},
        "differences": {name: _plain((drawn[MODEL] - drawn[name]).estimates) for name in rivals},
        "tests": {name: _plain(paired_tests(model, systems[name], resamples)) for name in rivals},
        "cases": [_case(row) for row in rows],
        "worst": worst(model),
    }


def drawn_figures(rows: Sequence[BenchmarkRow], resamples: int) -> Resampled:
    """Bootstrap over patients."""
    return resampled(rows, benchmark_figures, resamples)


def worst(rows: Sequence[BenchmarkRow]) -> list[str]:
    """Names of the studies for the gallery: the positives of lowest Dice, then those with most false findings."""
    positives = sorted((row for row in rows if row.positive), key=lambda row: (row.metrics.dice, row.case))
    chosen = [row.case for row in positives[:WORST]]
    alarmed = sorted(
        (row for row in rows if row.detection.false_positives and row.case not in chosen),
        key=lambda row: (-row.detection.false_positives, -row.detections.score, row.case),
    )
    return chosen + [row.case for row in alarmed[:WORST]]


def _case(row: Rows) -> dict[str, Any]:
    model = row[MODEL]
    return {
        "case": model.case,
        "lesions": model.detection.lesions,
        "lesion_ml": [round(lesion.metrics.reference_ml, 3) for lesion in model.lesions],
        "contrast": [contrast and round(contrast, 2) for contrast in model.contrasts],
        "found": model.detection.found,
        "false_positives": model.detection.false_positives,
        "dice": {name: round(one.metrics.dice, 4) for name, one in row.items()},
        "score": round(model.detections.score, 4),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {FIELDS.get(name, name): asdict(value) for name, value in values.items()}
