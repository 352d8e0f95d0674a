"""What a starter model has to reach, set before it was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FigureTarget:
    """`limit` is the least value where `at_least`, else the most."""

    limit: float
    at_least: bool

    def met(self, value: float | None) -> bool:
        """A figure that does not exist meets nothing."""
        return value is not None and (value >= self.limit if self.at_least else value <= self.limit)

    @property
    def text(self) -> str:
        """For tables: "at least 0.68"."""
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}"


FAMILY = {
    "Dice, positives": FigureTarget(0.68, at_least=True),
    "lesion sensitivity": FigureTarget(0.85, at_least=True),
    "false positives a case": FigureTarget(0.5, at_least=False),
    "lesion sensitivity at 0.5 false positives a case": FigureTarget(0.85, at_least=True),
    "empty answer, share of negatives": FigureTarget(0.6, at_least=True),
    "ECE, gland and 10 mm": FigureTarget(0.05, at_least=False),
    "ECE, findings": FigureTarget(0.05, at_least=False),
}
"""Of the family that the model was not trained on."""

REAL = {
    "lesion_rank": FigureTarget(1, at_least=False),
    "dice": FigureTarget(0.5, at_least=True),
    "others_in_gland": FigureTarget(1, at_least=False),
}
FACTS = {
    "megabytes": FigureTarget(40, at_least=False),
    "seconds": FigureTarget(15, at_least=False),
    "forwards": FigureTarget(1, at_least=False),
}


def verdicts(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every target that the report can be held to: where, which figure, its value, whether it is met."""
    found: list[dict[str, Any]] = []
    systems = report["families"].get("holdout", {}).get("systems", {})
    if systems:
        figures = systems["model"]
        found += [_verdict("holdout", name, target, figures[name]["value"]) for name, target in FAMILY.items()]
    if report["real"]:
        found += [_verdict("real", name, target, report["real"][name]) for name, target in REAL.items()]
    judgeable = {name: target for name, target in FACTS.items() if name in report["model"]}
    return found + [_verdict("model", name, target, report["model"][name]) for name, target in judgeable.items()]


def _verdict(where: str, name: str, target: FigureTarget, value: float | None) -> dict[str, Any]:
    return {"where": where, "figure": name, "target": target.text, "value": value, "met": target.met(value)}
