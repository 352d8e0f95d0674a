"""A cross-validated table: each figure in every fold, over the folds, and of all cases together."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..core.storage.signed_file import signed_file
from .figures import cohort_figures
from .summary import Evaluation, shown

CSV_NAME, MARKDOWN_NAME = "cross-validation.csv", "cross-validation.md"
OVER_FOLDS = ("mean", "sd")
TOGETHER = ("all", "low", "high")


def write_fold_tables(evaluation: Evaluation, folds: Mapping[str, int], folder: Path) -> None:
    """`folds`: of each case. Both tables hold the same figures: of each fold's cases, their mean and standard deviation
    (n - 1) over the folds, and of all cases judged together with the 95 % bootstrap interval over patients."""
    table = _table(evaluation, folds)
    with signed_file(folder / CSV_NAME) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["figure", *next(iter(table.values()))])
        writer.writeheader()
        writer.writerows({"figure": name, **row} for name, row in table.items())
    with signed_file(folder / MARKDOWN_NAME) as path:
        path.write_text(_markdown(evaluation, folds, table), encoding="utf-8")


def _table(evaluation: Evaluation, folds: Mapping[str, int]) -> dict[str, dict[str, float | None]]:
    """Rows by figure; None where a figure does not exist."""
    rows = evaluation.systems[0].rows
    numbers = sorted(set(folds.values()))
    of_folds = {n: cohort_figures(tuple(row for row in rows if folds[row.case] == n)) for n in numbers}
    table: dict[str, dict[str, float | None]] = {}
    for name, estimate in evaluation.figures[0].items():
        values = {f"fold {number}": of_folds[number].get(name) for number in numbers}
        there = [value for value in values.values() if value is not None]
        mean = float(np.mean(there)) if there else None
        deviation = float(np.std(there, ddof=1)) if len(there) > 1 else None
        low, high = estimate.interval or (None, None)
        summary = dict(zip((*OVER_FOLDS, *TOGETHER), (mean, deviation, estimate.value, low, high), strict=True))
        table[name] = {**values, **summary}
    return table


def _markdown(evaluation: Evaluation, folds: Mapping[str, int], table: Mapping[str, Mapping[str, float | None]]) -> str:
    rows, numbers = evaluation.systems[0].rows, sorted(set(folds.values()))
    counts = ", ".join(f"{sum(folds[row.case] == number for row in rows)} in fold {number}" for number in numbers)
    heads = [*(f"fold {number}" for number in numbers), "mean (SD)", "all cases", "95 % interval", "always empty"]
    lines = [f"| figure | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for name, row in table.items():
        mean, deviation, value, low, high = (shown(row[column]) for column in (*OVER_FOLDS, *TOGETHER))
        interval = "-" if row["low"] is None else f"{low} to {high}"
        cells = [shown(row[f"fold {number}"]) for number in numbers]
        cells += [f"{mean} ({deviation})", value, interval, shown(evaluation.empty[name])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(
        [
            "# Cross-validation",
            "",
            f"{len(rows)} cases, {counts}; each is judged once, by the model that never saw it. The interval is of all",
            "cases together, over patients; it does not hold how much models differ from one training to the next, of",
            "which the standard deviation over folds gives an idea.",
            "",
            *lines,
            "",
        ]
    )
