"""FROC, Dice by volume and reliability of every family, the model beside the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..evaluation.cases import CaseRow
from ..evaluation.plots import write_plots
from .judging import HBV_RULE, MODEL, Rows

FAMILIES = {"standard": "trained on", "holdout": "other family"}


@dataclass(frozen=True, eq=False)
class Curve:
    """A system on a family, as the plots of `evaluate` take it."""

    name: str
    rows: tuple[CaseRow, ...]


def write_family_plots(judged: Mapping[str, Sequence[Rows]], folder: Path) -> None:
    """froc.png, dice.png, reliability.png. `judged`: by family. InputError without matplotlib."""
    curves = [
        Curve(f"{FAMILIES[family]}: {system}", tuple(row[system] for row in rows))
        for family, rows in judged.items()
        for system in (MODEL, HBV_RULE)
    ]
    write_plots(curves, folder)
