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
from ..read.source import dicom_folder
from .classify import SeriesVolume
from .select import NO_CHOICES, Selection, select, series_volumes
from .studies import of_study

_COLUMNS = ("use", "series", "description", "kind", "orientation", "b", "slices", "points", "why")


@dataclass(frozen=True)
class Survey:
    """`volumes`: every volume of every series. `selection` is None where the study cannot be read, and `problem`
    then says why. `skipped`: how many files were passed over, by reason."""

    volumes: tuple[SeriesVolume, ...]
    skipped: Mapping[str, int]
    selection: Selection | None
    problem: str

    def uses(self, volume: SeriesVolume) -> tuple[Modality, ...]:
        """The modalities that are read, or computed, from this volume."""
        if self.selection is None:
            return ()
        choices = self.selection.choices.items()
        return tuple(modality for modality, choice in choices if volume in choice.volumes)


@silent()
def survey(
    source: Path, choices: Mapping[Modality, int] = NO_CHOICES, trust_positions: bool = False, study: str = ""
) -> Survey:
    """What `load_study` would do with a folder or a zip; InputError only where it is neither, or has no such study.

    Pixels are read only where the position of several series that fit decides between them.
    """
    with dicom_folder(source) as folder:
        contents = of_study(scan_folder(folder), study)
        volumes = series_volumes(contents)
        try:
            return Survey(volumes, contents.skipped, select(contents, choices, trust_positions), "")
        except InputError as error:
            return Survey(volumes, contents.skipped, None, str(error))


def as_text(found: Survey) -> str:
    """A table for the screen: a line a volume, what was passed over, and the reason of each choice."""
    rows = [_COLUMNS, *(_row(found, volume) for volume in found.volumes)] if found.volumes else []
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
        "candidates": [_data(found, volume) for volume in found.volumes],
        "skipped": dict(found.skipped),
        "chosen": {
            modality.value: {
                "series": [one.frames[0].series_number for one in choice.volumes],
                "computed": choice.computed,
                "reason": choice.reason,
            }
            for modality, choice in choices.items()
        },
        "cautions": [asdict(caution) for caution in found.selection.cautions] if found.selection else [],
        "problem": found.problem or None,
    }


def _row(found: Survey, volume: SeriesVolume) -> tuple[str, ...]:
    data = _data(found, volume)
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


def _data(found: Survey, volume: SeriesVolume) -> dict[str, Any]:
    first = volume.frames[0]
    return {
        "use": [modality.value for modality in found.uses(volume)],
        "series": first.series_number,
        "description": first.description,
        "kind": volume.kind.value,
        "orientation": volume.evidence.plane,
        "b_value": volume.b_value,
        "slices": len(volume.frames),
        "score": volume.judgement.score,
        "reason": volume.judgement.reason,
        "problem": volume.problem or None,
    }
