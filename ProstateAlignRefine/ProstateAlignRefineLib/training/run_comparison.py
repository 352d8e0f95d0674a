"""Two finished runs side by side: what they were, what they reached, and whether the difference is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.tables import Row, read_table
from ..evaluation.evaluate import Judged, Protocol, judge_folder
from ..evaluation.summary import Evaluation, as_tables, evaluation_of
from .checkpoint import stored_start
from .configuration_file import flat, read_configuration
from .log import CONFIG_NAME, LOG_NAME

TEST, PREDICTIONS, REFERENCES = "test", "predictions", "references"


@dataclass(frozen=True)
class FinishedRun:
    """`settings`: the configuration's entries by dotted name. `facts`: of the training: its log and start."""

    folder: Path
    settings: Mapping[str, Any]
    facts: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> FinishedRun:
        """InputError where the folder holds no run whose test cases are written."""
        if not folder.is_dir():
            raise InputError(f"There is no folder '{folder.name}'; name the folders of two runs, as train wrote them.")
        needed = (CONFIG_NAME, LOG_NAME, f"{TEST}/{PREDICTIONS}", f"{TEST}/{REFERENCES}")
        missing = [name for name in needed if not (folder / name).exists()]
        if missing:
            raise InputError(
                f"'{folder.name}' is no finished run: it lacks {', '.join(missing)}; name what train wrote."
            )
        settings = dict(flat(read_configuration(str((folder / CONFIG_NAME).resolve()))))
        began = {"weights at first": stored_start(folder)}
        return cls(folder, settings, began | _facts(read_table(folder / LOG_NAME, LOG_NAME)))


def compare_runs(first: FinishedRun, second: FinishedRun, resamples: int) -> tuple[Evaluation, str]:
    """The figures of both on the test cases, and all of it as text; InputError where those are not the same cases."""
    protocol = Protocol(resamples=resamples)
    judged = [replace(_judged(run, protocol), name=name) for run, name in zip((first, second), "AB", strict=True)]
    if judged[0].references_sha256 != judged[1].references_sha256:
        raise InputError("The runs were tested on other cases or labels, so that their figures cannot be paired.")
    evaluation = evaluation_of(protocol, *judged)
    return evaluation, "\n".join([*_side_by_side(first, second), "", as_tables(evaluation)])


def _judged(run: FinishedRun, protocol: Protocol) -> Judged:
    minimum = run.settings.get("bundle.minimum_lesion_ml")
    own = replace(protocol, minimum_ml=float(minimum) if isinstance(minimum, int | float) else 0.0)
    return judge_folder(run.folder / TEST / PREDICTIONS, run.folder / TEST / REFERENCES, own)


def _side_by_side(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Facts, and the entries of the configurations that differ."""
    names = sorted({*first.settings, *second.settings})
    differing = [name for name in names if first.settings.get(name) != second.settings.get(name)]
    rows = [("run", first.folder.name, second.folder.name)]
    rows += [(name, first.facts[name], second.facts[name]) for name in first.facts]
    rows += [(f"`{n}`", str(first.settings.get(n, "-")), str(second.settings.get(n, "-"))) for n in differing]
    return ["| | A | B |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def _facts(rows: Sequence[Row]) -> dict[str, str]:
    dice = [float(value) for row in rows if (value := row.get("validation_dice"))]
    hours = sum(float(row.get("seconds") or 0) for row in rows) / 3600
    best = f"{max(dice):.4f}" if dice else "-"
    return {"epochs": str(len(rows)), "hours": f"{hours:.2f}", "best validation Dice": best}
