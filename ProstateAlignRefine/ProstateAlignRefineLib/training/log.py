"""What each epoch measured, as a CSV table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.files import replacing_file

LOG_NAME = "log.csv"
COLUMNS = (
    "epoch",
    "phase",
    "auxiliary_scale",
    "rate",
    "loss",
    "segmentation",
    "alignment",
    "heatmap",
    "unedited",
    "validation_dice",
    "validation_base_dice",
    "average_dice",
    "seconds",
)


def write_log(history: Sequence[dict[str, Any]], folder: Path) -> None:
    """One row an epoch, rewritten whole, so that a resumed run leaves no gap and no double row."""
    with replacing_file(folder / LOG_NAME) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({name: _rounded(row.get(name, "")) for name in COLUMNS} for row in history)


def _rounded(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
