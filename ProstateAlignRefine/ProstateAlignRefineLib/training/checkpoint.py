"""A run's state on disk: whole after every epoch, so that a killed run goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.storage.signed_file import signed_file

CHECKPOINT_NAME = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """Weights, optimizer and moving average after the last epoch of `history`.

    `config` and `cases` (the fingerprint of the cases) guard against going on with something else. `started_from`: the
    fields of the `Start` that the run began with, empty where its weights were random.
    """

    config: dict[str, Any]
    cases: str
    started_from: dict[str, Any]
    history: list[dict[str, Any]]
    network: Mapping[str, Tensor]
    optimizer: dict[str, Any]
    average: Mapping[str, Tensor]
    average_updates: int


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """In place of the one before; a run that is killed meanwhile leaves that one whole."""
    with signed_file(folder / CHECKPOINT_NAME) as path:
        torch.save({name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}, path)


def load_checkpoint(folder: Path, config: dict[str, Any], cases: str) -> Checkpoint | None:
    """The folder's checkpoint, None where there is none.

    InputError where it was made with another configuration or other cases, or by another version of the program.
    """
    checkpoint = _read(folder)
    if checkpoint is None:
        return None
    if _learned_by(checkpoint.config) != _learned_by(config):
        raise InputError(
            f"'{folder.name}' holds a run of another configuration; name another output folder, or give the same file."
        )
    if checkpoint.cases != cases:
        raise InputError(
            f"The cases have changed since the run in '{folder.name}' was begun; name another output folder."
        )
    return checkpoint


def _learned_by(config: dict[str, Any]) -> dict[str, Any]:
    """What decides what is learned: a run that ended for want of memory may go on with less of it."""
    schedule = {name: value for name, value in config["schedule"].items() if name != "gradient_checkpointing"}
    return {**config, "schedule": schedule}


def stored_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of the folder's run, None where there is none; InputError where it cannot be read."""
    checkpoint = _read(folder)
    return None if checkpoint is None else checkpoint.config


def stored_start(folder: Path) -> str:
    """With what weights the folder's run began, as runs are compared; InputError where it cannot be read."""
    checkpoint = _read(folder)
    if checkpoint is None:
        return "not told: the folder has no checkpoint"
    start = checkpoint.started_from
    return f"{start['name']} ({start['sha256'][:16]})" if start else "random"


def _read(folder: Path) -> Checkpoint | None:
    path = folder / CHECKPOINT_NAME
    if not path.is_file():
        return None
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail anywhere in the parser
        raise InputError(f"The run in '{folder.name}' cannot be read; name another output folder.") from error
    if not isinstance(stored, dict) or set(stored) != set(Checkpoint.__dataclass_fields__):
        raise InputError(f"The run in '{folder.name}' was begun by another version; name another output folder.")
    return Checkpoint(**stored)
