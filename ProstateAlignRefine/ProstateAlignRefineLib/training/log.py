"""What each epoch measured, as a CSV table and for TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage.signed_file import signed_file
from ..evaluation.candidates import INSTALL

LOG_NAME = "log.csv"
TENSORBOARD_FOLDER = "tensorboard"
COLUMNS = (
    "epoch",
    "phase",
    "auxiliary_scale",
    "base_rate",
    "refiner_rate",
    "loss",
    "segmentation",
    "alignment",
    "heatmap",
    "anatomy",
    "unedited",
    "validation_dice",
    "validation_base_dice",
    "average_dice",
    "seconds",
)


def write_log(history: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """One row an epoch, rewritten whole, so that a resumed run leaves no gap and no double row."""
    with signed_file(folder / LOG_NAME) as path, path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({name: _rounded(row.get(name, "")) for name in COLUMNS} for row in history)


class EventLog:
    """TensorBoard events of a run."""

    def __init__(self, folder: Path, first_epoch: int) -> None:
        """What an earlier process wrote from `first_epoch` on is void. InputError without the package tensorboard."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError(f"Training logs need tensorboard: {INSTALL}") from error
        self._writer = SummaryWriter(str(folder / TENSORBOARD_FOLDER), purge_step=first_epoch)

    def add(self, row: Mapping[str, Any]) -> None:
        for name in COLUMNS[2:]:
            if name in row:
                self._writer.add_scalar(name, row[name], row["epoch"])
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def _rounded(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
