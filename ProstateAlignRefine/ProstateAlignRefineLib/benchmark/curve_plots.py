"""The degradation curves as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..evaluation.candidates import INSTALL
from ..evaluation.plots import COLOURS
from .degradations import BLANK, FACTORS, INVERTED, UNCHANGED, curves

SHARES = {
    "Dice, positives": "Dice on positives",
    "lesion sensitivity": "lesion sensitivity",
    "empty answer, share of negatives": "specificity on negatives",
}
ALARMS = "false positives a case"


def write_curve_plot(report: Mapping[str, Any], path: Path) -> None:
    """`report`: of `curves_report`. InputError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(f"Figures need matplotlib; {INSTALL}") from error
    figure = Figure(figsize=(13.0, 5.0), dpi=130, layout="constrained")
    named = curves(0.0)
    widths = [len(points) + 1 for points in named.values()]
    axes = figure.subplots(
        2, len(named), sharex="col", sharey="row", height_ratios=(2, 1), width_ratios=widths, squeeze=False
    )
    for column, curve in enumerate(named):
        _draw(axes[0][column], axes[1][column], points_along(report, curve))
        axes[1][column].set_xlabel(curve, fontsize=9)
    axes[0][0].set(ylim=(-0.02, 1.02))
    axes[1][0].set(ylabel="false positives a case")
    axes[1][0].set_ylim(bottom=0)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path)


def points_along(report: Mapping[str, Any], curve: str) -> list[Mapping[str, Any]]:
    """The points of a curve from left to right: the study as acquired first, among factors where 1 lies."""
    points = [point for point in report["points"] if point["curve"] in (UNCHANGED.curve, curve)]
    return sorted(points, key=lambda point: float(point["amount"] or 1)) if curve in FACTORS else points


def _draw(shares: Any, alarms: Any, points: Sequence[Mapping[str, Any]]) -> None:
    places = range(len(points))
    line = "" if points[-1]["curve"] in (BLANK, INVERTED) else "-"  # channels have no order
    for (name, text), colour in zip(SHARES.items(), COLOURS, strict=False):
        values = [_number(point["figures"][name]["value"]) for point in points]
        shares.plot(places, values, marker="o", markersize=4, linestyle=line, color=colour, label=text)
    if line:
        spread = [point["figures"]["Dice, positives"]["interval"] or (float("nan"),) * 2 for point in points]
        shares.fill_between(places, *zip(*spread, strict=True), color=COLOURS[0], alpha=0.15, linewidth=0)
    alarms.bar(places, [point["figures"][ALARMS]["value"] for point in points], color="0.6", width=0.6)
    labels = [point["amount"] or "as is" for point in points]
    for axes in (shares, alarms):
        axes.set_xticks(list(places), labels, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
