"""One segmentation at a time: study to the worker, maps back."""

from __future__ import annotations

import time
from pathlib import Path

from ..core.exchange import read_exchange
from ..core.faults import told_fault
from ..core.maps import Maps
from ..core.protocol import Failed, Finished, Progress, Segment
from ..core.stages import percent_at_end, percent_done
from ..core.study import Modality
from ..scene.volumes import Inputs
from .handover import Handover, hand_over
from .i18n import _
from .signal import Signal
from .worker import Worker

LOADED = percent_done("load", 1, 1) or 0.0
REST_SECONDS = 0.6  # within which a click was meant for the run that has just ended: longer than people take to react


class SegmentationRun:
    """Knows when it runs, what with, and since when. `loaded`, `took`: seconds from the click until the worker had the
    model, and until the result."""

    def __init__(self, worker: Worker) -> None:
        self.finished: Signal[[Inputs, Maps, Finished]] = Signal()
        self.failed: Signal[[str]] = Signal()
        self.ended: Signal[[]] = Signal()
        self.stage, self.loaded, self.took = "", 0.0, 0.0
        self.expected: float | None = None
        self._percent, self._ceiling = 0.0, 0.0
        self._worker = worker
        self._handover: Handover | None = None
        self._inputs: Inputs | None = None
        self._started, self._ended = 0.0, -REST_SECONDS
        worker.progressed.connect(self._progress)
        worker.finished.connect(self._finish)
        worker.failed.connect(self._fail)
        worker.cancelled.connect(self._clear)

    @property
    def running(self) -> bool:
        return self._inputs is not None

    @property
    def just_ended(self) -> bool:
        """Whether a click now was still meant to cancel."""
        return not self.running and time.monotonic() - self._ended < REST_SECONDS

    @property
    def lost_input(self) -> Modality | None:
        """The first of its volumes that is no longer in a scene."""
        nodes = zip(Modality, self._inputs or (), strict=False)
        return next((modality for modality, node in nodes if node.GetScene() is None), None)

    @property
    def elapsed(self) -> float:
        """Seconds since the click."""
        return time.monotonic() - self._started

    @property
    def percent(self) -> float:
        """By the clock where it is known how long the run takes, but within what the worker has told; never back."""
        if self.expected:
            timed = min(100 * self.elapsed / self.expected, self._ceiling)
            self._percent = max(self._percent, timed)
        return self._percent

    def start(
        self,
        inputs: Inputs,
        bundle: str,
        prompt: str,
        device: str,
        *,
        register: bool = False,
        gland_wheel: Path | None = None,
        expected: float | None = None,
    ) -> None:
        """`expected`: seconds until the result, where they are known. InputError where a volume cannot be used."""
        request = self._worker.next_request()
        self._handover = hand_over(inputs, self._worker.folder, request)
        self._inputs, self._started = inputs, time.monotonic()
        self.stage, self.expected = _("starting Python"), expected
        self._percent, self._ceiling = 0.0, percent_done("load", 0, 1) or 0.0
        self.loaded = 0.0
        study, maps = str(self._handover.study), str(self._handover.maps)
        wheel = str(gland_wheel or "")
        self._worker.request(Segment(request, study, bundle, prompt, maps, device, register, wheel))

    def _progress(self, event: Progress) -> None:
        self.stage = STAGE_TEXTS.get(event.stage, event.stage)
        step = (event.stage, event.done, event.all)
        self._percent = max(self._percent, percent_done(*step) or 0.0)
        self._ceiling = max(self._ceiling, percent_at_end(*step) or 0.0)
        if not self.loaded and (percent_done(*step) or 0.0) >= LOADED:
            self.loaded = self.elapsed

    def _finish(self, event: Finished) -> None:
        inputs, handover = self._inputs, self._handover
        if inputs is None or handover is None:
            return
        try:
            maps = read_exchange(handover.maps)
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            self._clear()
            self.failed.emit(told_fault(error))
        else:
            self.took = self.elapsed
            self._clear()
            self.finished.emit(inputs, maps, event)

    def _fail(self, event: Failed) -> None:
        if self.running:
            self._clear()
            self.failed.emit(event.message)

    def _clear(self) -> None:
        if self._handover is not None:
            self._handover.discard()
            self._ended = time.monotonic()
        self._handover, self._inputs = None, None
        self.ended.emit()


STAGE_TEXTS = {
    "read": _("reading the study"),
    "load": _("loading the model"),
    "preprocess": _("preparing the images"),
    "network": _("running the network"),
    "maps": _("mapping onto the T2W"),
    "write": _("handing back"),
}
