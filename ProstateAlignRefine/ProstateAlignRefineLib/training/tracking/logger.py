"""What every place to watch a run can do, and which places there are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ..configuration_file import flat

UNLOGGED = ("epoch", "phase")
PLACES = ("mlflow", "wandb")

Pictures = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class TrackedRun:
    """A run: its folder, its name, its configuration (plain values), and the first epoch that is yet to come."""

    folder: Path
    name: str
    config: Mapping[str, Any]
    first_epoch: int

    @property
    def identity(self) -> str:
        """The same for a run that goes on in its folder, and telling nothing of it."""
        return hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:16]

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration's entries by their dotted names."""
        return dict(flat(self.config))


class RunLogger(Protocol):
    """Takes what a run tells of an epoch; `Pictures` are bytes [Z, Y, 3] by name."""

    def figures(self, epoch: int, values: Mapping[str, float]) -> None:
        """By name, at the end of an epoch."""

    def pictures(self, epoch: int, pictures: Pictures) -> None:
        """Of validation cases, at the end of an epoch."""

    def close(self, finished: bool) -> None:
        """`finished`: whether the run came to its end, and was not stopped."""


@contextmanager
def loggers(run: TrackedRun, places: Sequence[str]) -> Iterator[list[RunLogger]]:
    """TensorBoard, and `mlflow`, `mlflow=URI` or `wandb`; closed with the block. InputError without their packages."""
    from .tensorboard import TensorBoardLogger

    with ExitStack() as stack:
        made: list[RunLogger] = []
        for make in (TensorBoardLogger, *map(_maker, places)):
            one = make(run)
            made.append(one)
            stack.push(lambda kind, _error, _trace, one=one: one.close(finished=kind is None))
        yield made


def require_places(places: Sequence[str]) -> None:
    """InputError where a place is unknown or its package is missing."""
    for place in places:
        _maker(place)


def logged(row: Mapping[str, Any]) -> dict[str, float]:
    """The figures of an epoch's row."""
    return {name: float(value) for name, value in row.items() if name not in UNLOGGED}


def _maker(place: str) -> Any:
    name, _, where = place.partition("=")
    if name not in PLACES or (where and name != "mlflow"):
        raise InputError(f"--track {place} is unknown; name {', '.join(PLACES)}, or mlflow=URI.")
    try:
        if name == "mlflow":
            from .mlflow import MlflowLogger

            return lambda run: MlflowLogger(run, where)
        from .wandb import WandbLogger

        return WandbLogger
    except ImportError as error:
        raise InputError(f'--track {name} needs its package; in the clone: pip install ".[{name}]".') from error
