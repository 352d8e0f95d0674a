"""What each epoch measured, as a CSV table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.storage.signed_file import signed_file
from .config import TrainingConfig
from .configuration_file import as_toml

LOG_NAME, CONFIG_NAME = "log.csv", "config.toml"
FIRST = ("epoch", "phase", "auxiliary_scale", "base_rate", "refiner_rate", "loss")
PARTS = ("segmentation", "lesions", "alignment", "heatmap", "anatomy", "unedited")
LAST = ("validation_dice", "validation_base_dice", "average_dice", "seconds")


def write_log(history: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """One row an epoch, rewritten whole, so that a resumed run leaves no gap and no double row.

    A part of the losses that is not among PARTS gets its column behind them.
    """
    further = dict.fromkeys(name for row in history for name in row if name not in (*FIRST, *PARTS, *LAST))
    columns = (*FIRST, *PARTS, *further, *LAST)
    with signed_file(folder / LOG_NAME) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows({name: _rounded(row.get(name, "")) for name in columns} for row in history)


def write_config(config: TrainingConfig, folder: Path) -> None:
    """The run's whole configuration, to read and to start another run from."""
    with signed_file(folder / CONFIG_NAME) as path:
        path.write_text(as_toml(config.to_dict()), encoding="utf-8")


def _rounded(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
