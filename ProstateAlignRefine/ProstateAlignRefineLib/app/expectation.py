"""How long a run will take: as long as the last one of its kind on this machine took, scaled to the study's size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import Literal

from ..bundle.config import Preprocessing
from ..bundle.network_grid import network_grid
from ..scene.volumes import Inputs, grid_of
from .application import Application

KEPT = "pace"  # a setting of the user, for each kind of run

Beginning = Literal["cold", "warm", "again"]
"""No worker is there; it is; it is, and its last forward pass is of the same study."""


@dataclass(frozen=True)
class RunKind:
    """`model`: its SHA-256. `gland_network`: whether that one runs, too."""

    model: str
    device: str
    beginning: Beginning
    gland_network: bool = False


@dataclass(frozen=True)
class RunSize:
    """In voxels: `network` of what the network reads, `study` of the three volumes."""

    network: int
    study: int

    @classmethod
    def of(cls, inputs: Inputs, preprocessing: Preprocessing) -> RunSize:
        """InputError where a volume cannot be used."""
        grids = [grid_of(volume) for volume in inputs]
        return cls(prod(network_grid(grids[0], preprocessing).size), sum(prod(grid.size) for grid in grids))


@dataclass(frozen=True)
class RunTimes:
    """Seconds from the click: until the model was `loaded`, and the `whole` run; `network` of them in the network."""

    loaded: float
    network: float
    whole: float


def expected_seconds(application: Application, kind: RunKind, size: RunSize) -> float | None:
    """From the click to the result; None where no such run has been seen. A worker that is there for the first time is
    as fast as one that had to be started, once that has loaded the model."""
    kept = _kept(application, kind)
    if kept is not None:
        loaded, network, rest = kept
        return loaded + network * size.network + rest * size.study
    return None if kind.beginning != "warm" else _once_loaded(application, kind, size)


def note_times(application: Application, kind: RunKind, size: RunSize, times: RunTimes) -> None:
    """Keeps what a run took, for the next."""
    rest = max(times.whole - times.loaded - times.network, 0.0)
    pace = (times.loaded, times.network / size.network, rest / size.study)
    application.keep_setting(_name(kind), " ".join(f"{seconds:.4g}" for seconds in pace))


def _once_loaded(application: Application, kind: RunKind, size: RunSize) -> float | None:
    kept = _kept(application, replace(kind, beginning="cold"))
    return None if kept is None else kept[1] * size.network + kept[2] * size.study


def _kept(application: Application, kind: RunKind) -> tuple[float, float, float] | None:
    """Seconds until the model was loaded, and for each voxel of the network's and of the study's."""
    try:
        loaded, network, rest = (float(word) for word in application.setting(_name(kind)).split())
    except ValueError:
        return None
    pace = (loaded, network, rest)
    return pace if all(isfinite(seconds) and seconds >= 0 for seconds in pace) and any(pace) else None


def _name(kind: RunKind) -> str:
    gland = "/gland" if kind.gland_network else ""
    return f"{KEPT}/{kind.model[:12]}/{kind.device or 'auto'}/{kind.beginning}{gland}"
