"""What a folder holds and what would be taken from it, as a table and as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...core.study import Modality
from ..quiet import silent
from ..read.folder import scan_folder
from .classify import Candidate
from .select import NO_CHOICES, Selection, candidates_of, select

_COLUMNS = ("use", "series", "description", "kind", "orientation", "b", "slices", "points", "why")


@dataclass(frozen=True)
class Survey:
    """`candidates`: every volume of every series. `selection` is None where the study cannot be read, and `problem`
    then says why. `skipped`: how many files were passed over, by reason."""

    candidates: tuple[Candidate, ...]
    skipped: Mapping[str, int]
    selection: Selection | None
    problem: str

    def uses(self, candidate: Candidate) -> tuple[Modality, ...]:
        """The modalities that are read, or computed, from this volume."""
        if self.selection is None:
            return ()
        choices = self.selection.choices.items()
        return tuple(modality for modality, choice in choices if candidate in choice.candidates)


@silent()
def survey(folder: Path, choices: Mapping[Modality, int] = NO_CHOICES, trust_positions: bool = False) -> Survey:
    """What `load_study` would do with `folder`; InputError only where there is no folder.

    Pixels are read only where the position of several series that fit decides between them.
    """
    if not folder.is_dir():
        raise InputError("The input is not a folder; give the folder that holds the study's DICOM files.")
    scan = scan_folder(folder)
    try:
        return Survey(candidates_of(scan), scan.skipped, select(scan, choices, trust_positions), "")
    except InputError as error:
        return Survey(candidates_of(scan), scan.skipped, None, str(error))


def as_text(found: Survey) -> str:
    """A table for the screen: a line a volume, what was passed over, and the reason of each choice."""
    rows = [_COLUMNS, *(_row(found, candidate) for candidate in found.candidates)] if found.candidates else []
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)] if rows else []
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    lines += [f"passed over: {count} x {reason}" for reason, count in found.skipped.items()]
    if found.selection is not None:
        lines += [f"{modality.name}: {choice.reason}" for modality, choice in found.selection.choices.items()]
        lines += [f"caution: {caution.text}" for caution in found.selection.cautions]
    return "\n".join(lines)


def as_data(found: Survey) -> dict[str, Any]:
    """The same for programs: JSON types only."""
    choices = found.selection.choices if found.selection else {}
    return {
        "candidates": [_data(found, candidate) for candidate in found.candidates],
        "skipped": dict(found.skipped),
        "chosen": {
            modality.value: {
                "series": [one.frames[0].series_number for one in choice.candidates],
                "computed": choice.computed,
                "reason": choice.reason,
            }
            for modality, choice in choices.items()
        },
        "cautions": [asdict(caution) for caution in found.selection.cautions] if found.selection else [],
        "problem": found.problem or None,
    }


def _row(found: Survey, candidate: Candidate) -> tuple[str, ...]:
    data = _data(found, candidate)
    return (
        "+".join(name.upper() for name in data["use"]) or "-",
        str(data["series"]) if data["series"] is not None else "?",
        data["description"][:40],
        data["kind"],
        data["orientation"],
        "" if data["b_value"] is None else f"{data['b_value']:g}",
        str(data["slices"]),
        f"{data['score']:g}",
        f"cannot be used: {data['problem']}" if data["problem"] else data["reason"],
    )


def _data(found: Survey, candidate: Candidate) -> dict[str, Any]:
    first = candidate.frames[0]
    return {
        "use": [modality.value for modality in found.uses(candidate)],
        "series": first.series_number,
        "description": first.description,
        "kind": candidate.kind.value,
        "orientation": candidate.orientation,
        "b_value": candidate.b_value,
        "slices": len(candidate.frames),
        "score": candidate.score,
        "reason": candidate.reason,
        "problem": candidate.problem or None,
    }
