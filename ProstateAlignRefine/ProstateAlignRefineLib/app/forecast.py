"""What is expected of the run under way, and what it teaches about the next: whether the forward pass is there already
makes the greatest difference."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..bundle.summary import BundleSummary
from ..core.protocol import Finished
from ..scene.mrml import VolumeNode
from ..scene.state import PanelState
from ..scene.volumes import Inputs
from .application import Application
from .expectation import Beginning, RunKind, RunSize, RunTimes, expected_seconds, note_times
from .segmentation_run import SegmentationRun


@dataclass(frozen=True)
class Forwards:
    """What a forward pass is told from others by. `worker`: its process, None where it is to be started; `volumes`: ID
    of each node, and when its voxels last changed."""

    worker: int | None
    model: str
    device: str
    register: bool
    volumes: tuple[tuple[str, int], ...]


class Forecast:
    """Knows which forward pass the worker holds: the last one."""

    def __init__(self) -> None:
        self._held: Forwards | None = None
        self._asked: tuple[Forwards, RunSize] | None = None

    def begin(
        self, application: Application, worker: int | None, bundle: BundleSummary, inputs: Inputs, state: PanelState
    ) -> float | None:
        """Seconds until the result, where they are known. InputError where a volume cannot be used."""
        size = RunSize.of(inputs, bundle.preprocessing)
        volumes = tuple(_voxels(node) for node in inputs)
        forwards = Forwards(worker, bundle.facts.sha256, state.device, state.register, volumes)
        held = bundle.keeps_forwards and forwards == self._held
        self._held, self._asked = None, (forwards, size)
        return expected_seconds(application, _kind(forwards, held, state.gland_network), size)

    def learn(self, application: Application, worker: int | None, run: SegmentationRun, event: Finished) -> None:
        """The run has ended well."""
        if self._asked is None:
            return
        (forwards, size), self._asked = self._asked, None
        kind = _kind(forwards, "network" not in event.seconds, bool(event.gland_by))
        note_times(application, kind, size, RunTimes(run.loaded, event.seconds.get("network", 0.0), run.took))
        self._held = replace(forwards, worker=worker)


def _kind(forwards: Forwards, held: bool, gland_network: bool) -> RunKind:
    there: Beginning = "cold" if forwards.worker is None else "warm"
    return RunKind(forwards.model, forwards.device, "again" if held else there, gland_network)


def _voxels(node: VolumeNode) -> tuple[str, int]:
    image = node.GetImageData()
    return node.GetID(), image.GetMTime() if image is not None else 0
