"""Figures of an evaluation as PNG files, up to four systems each. Drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..core.errors import InputError
from .candidates import INSTALL
from .cases import CaseRow
from .figures import STRATA_EDGES_ML, froc

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # told apart by colour-blind readers too
SIZE, DPI = (5.0, 4.0), 150
VOLUME_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # mL
FROC_SHOWN = 3.0  # false positives a case


class System(Protocol):
    """Something judged, by the name it has in the legend."""

    @property
    def name(self) -> str:
        """For the legend."""

    @property
    def rows(self) -> Sequence[CaseRow]:
        """One for each case judged."""


def write_plots(systems: Sequence[System], folder: Path) -> None:
    """froc.png, dice.png, and reliability.png where a system gives probabilities. InputError without matplotlib."""
    _save(folder / "froc.png", lambda axes: _froc(axes, systems))
    if any(row.lesions for system in systems for row in system.rows):
        _save(folder / "dice.png", lambda axes: _dice(axes, systems))
    if any(row.reliability is not None for system in systems for row in system.rows):
        _save(folder / "reliability.png", lambda axes: _reliability(axes, systems))


def _froc(axes: Any, systems: Sequence[System]) -> None:
    for system, colour in zip(systems, COLOURS, strict=False):
        rates, shares = froc(system.rows)
        # Beyond the last candidate the curve stays where it is.
        axes.step([*rates, FROC_SHOWN], [*shares, shares[-1]], where="post", color=colour, label=system.name)
    axes.set(xlim=(0, FROC_SHOWN), ylim=(0, 1.02), xlabel="false positives a case", ylabel="lesion sensitivity")


def _dice(axes: Any, systems: Sequence[System]) -> None:
    for system, colour in zip(systems, COLOURS, strict=False):
        lesions = [lesion.metrics for row in system.rows for lesion in row.lesions]
        axes.scatter(
            [m.reference_ml for m in lesions],
            [m.dice for m in lesions],
            s=14,
            color=colour,
            alpha=0.6,
            label=system.name,
        )
    for edge in STRATA_EDGES_ML:
        axes.axvline(edge, color="0.7", linewidth=0.8)
    axes.set(xscale="log", ylim=(-0.02, 1.02), xlabel="lesion volume, mL", ylabel="lesion Dice (missed: 0)")
    low, high = axes.get_xlim()
    axes.set_xticks(shown := [tick for tick in VOLUME_TICKS if low <= tick <= high], [f"{tick:g}" for tick in shown])
    axes.minorticks_off()


def _reliability(axes: Any, systems: Sequence[System]) -> None:
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    for system, colour in zip(systems, COLOURS, strict=False):
        parts = [row.reliability for row in system.rows if row.reliability is not None]
        if parts:
            whole = reduce(add, parts)
            filled = whole.count > 0
            claimed, observed = (values[filled] / whole.count[filled] for values in (whole.claimed, whole.observed))
            label = f"{system.name}, ECE {whole.expected_error:.4f}"
            axes.plot(claimed, observed, marker="o", markersize=4, color=colour, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="mean probability of the bin", ylabel="share of lesion voxels")
    axes.set_yticks(np.linspace(0, 1, 6))


def _save(path: Path, draw: Any) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(f"Figures need matplotlib; {INSTALL}") from error
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
    figure.savefig(path)
