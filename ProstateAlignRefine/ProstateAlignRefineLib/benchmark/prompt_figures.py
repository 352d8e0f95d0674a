"""What prompts are worth: figures over studies, apart from those of the model's own prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..evaluation.figures import Figures
from ..evaluation.statistics import resampled
from .prompts import DescribedRow, PromptRow

RECOVERABLE_ML = 0.3

SHOWN = {
    "Dice, place given": "Dice with the lesions that side, zone and level describe",
    "Dice, own prompt": "the model's own prompt on the same lesions",
    "Dice, place without a lesion": "Dice of a prompt for a place without a lesion, with those lesions",
    "matched less mismatched": "the difference of the first and the third",
    "lesions found, place given": "lesions found, place given",
    "lesions found, own prompt": "lesions found, own prompt",
    "recovered": f"of missed lesions of {RECOVERABLE_ML:g} mL or more, found with the place given",
    "false findings a prompt": "false findings a prompt, place given",
    "false mL, mean": "false volume a prompt, place given: mean, mL",
    "false mL, median": "the same: median, mL",
    "absent mL, positives, mean": "volume found at a place without a lesion: mean, mL",
    "absent mL, positives, median": "the same: median, mL",
    "absent mL, negatives, mean": "the same in studies without any lesion: mean, mL",
    "absent mL, negatives, median": "the same: median, mL",
    "thing mL, mean": 'volume found for organs, things and "no lesion": mean, mL',
    "thing mL, median": "the same: median, mL",
    "chosen": "the described one of several lesions is chosen",
    "chosen, found": "the same, of those that the model's own prompt found",
    "agreement": "agreement (Dice) of other wordings with the first",
}
"""Names of the figures, and what they are called in a card."""


def prompt_figures(rows: Sequence[PromptRow]) -> Figures:
    """Of all studies: lesions found by their places, what is found at places without, in mL; None where nothing tells a
    figure."""
    lesions = [lesion for row in rows for lesion in row.lesions]
    missed = [one for one in lesions if not one.found_by_own and one.volume_ml >= RECOVERABLE_ML]
    several = [one for one in lesions if one.chosen is not None]
    absent = {
        name: [ml for row in rows if row.positive is positive for ml in row.absent_ml]
        for name, positive in (("positives", True), ("negatives", False))
    }
    things = [ml for row in rows for ml in row.thing_ml]
    return {
        "Dice, place given": _mean(one.dice for one in lesions),
        "Dice, own prompt": _mean(one.own for one in lesions),
        "Dice, place without a lesion": _mean(one.elsewhere for one in lesions),
        "matched less mismatched": _mean(one.dice - one.elsewhere for one in lesions),
        "lesions found, place given": _mean(one.found for one in lesions),
        "lesions found, own prompt": _mean(one.found_by_own for one in lesions),
        "recovered": _mean(one.found for one in missed),
        "false findings a prompt": _mean(one.false_findings for one in lesions),
        "false mL, mean": _mean(one.false_ml for one in lesions),
        "false mL, median": _median([one.false_ml for one in lesions]),
        **{f"absent mL, {name}, mean": _mean(found) for name, found in absent.items()},
        **{f"absent mL, {name}, median": _median(found) for name, found in absent.items()},
        "thing mL, mean": _mean(things),
        "thing mL, median": _median(things),
        "chosen": _mean(bool(one.chosen) for one in several),
        "chosen, found": _mean(bool(one.chosen) for one in several if one.found_by_own),
        "agreement": _mean(dice for row in rows for dice in row.agreements),
    }


def prompts_report(rows: Sequence[PromptRow], resamples: int) -> dict[str, Any]:
    """Of one family's studies; `counts`: of how many a share is."""
    estimates = resampled(rows, prompt_figures, resamples).estimates
    lesions: list[DescribedRow] = [lesion for row in rows for lesion in row.lesions]
    missed = [one for one in lesions if not one.found_by_own and one.volume_ml >= RECOVERABLE_ML]
    several = [one for one in lesions if one.chosen is not None]
    return {
        "studies": len(rows),
        "positives": sum(row.positive for row in rows),
        "lesions": len(lesions),
        "counts": {
            "recovered": len(missed),
            "chosen": len(several),
            "chosen, found": sum(one.found_by_own for one in several),
        },
        "figures": {name: asdict(estimate) for name, estimate in estimates.items()},
    }


def _mean(values: Iterable[float]) -> float | None:
    kept = list(values)
    return float(np.mean(kept)) if kept else None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
