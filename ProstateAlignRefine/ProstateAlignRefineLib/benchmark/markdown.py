"""Tables of figures, as sections of a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]


def section(title: str, intro: str, head: str, rows: Sequence[str]) -> str:
    """Title, introduction and table; `head`: its first row, `rows`: the others."""
    rule = "|---" * (head.count("|") - 1) + "|"
    return "\n".join([f"### {title}", "", intro, "", head, rule, *rows, ""])


def head_row(names: Sequence[str]) -> str:
    """Names between bars."""
    return f"| {' | '.join(names)} |"


def estimate_text(estimate: Report, signed: bool = False, decimals: int = 3) -> str:
    """Value and interval; a dash where there is no value."""
    if estimate["value"] is None:
        return "-"
    form = f"{'+' if signed else ''}.{decimals}f"
    # Adding 0 keeps rounded zeros from having a minus.
    numbers = (estimate["value"], *(estimate["interval"] or ()))
    text, *ends = (f"{round(number, decimals) + 0.0:{form}}" for number in numbers)
    return f"{text} ({ends[0]} to {ends[1]})" if ends else text


def number_text(value: float | None, decimals: int) -> str:
    """Whole numbers without decimals."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) else f"{value:.{decimals}f}"
