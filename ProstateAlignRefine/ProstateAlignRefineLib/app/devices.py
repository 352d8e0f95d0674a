"""The device line: asks the worker where it would compute, and how long that takes. Also the test of a Python."""

from __future__ import annotations

from ..core.protocol import Describe, Described, Failed
from .i18n import _
from .signal import Signal
from .worker import Worker


class DeviceQuestion:
    """`line` is what to show; `works` is None until the worker has answered."""

    def __init__(self, worker: Worker) -> None:
        self.answered: Signal[[]] = Signal()
        self.works: bool | None = None
        self.line = _("told by the first run, or by 'Test' under 'Advanced'")
        self._worker = worker
        self._request = 0
        worker.described.connect(self._tell)
        worker.failed.connect(self._fail)
        worker.cancelled.connect(self._end)

    @property
    def pending(self) -> bool:
        return self._request != 0

    def ask(self, bundle: str, device: str) -> None:
        """Starts the worker where it does not run; nothing while it is busy."""
        if not self._worker.busy:
            self._request = self._worker.next_request()
            self.line = _("asking the worker…")
            self._worker.request(Describe(self._request, bundle, device))

    def note(self, device: str) -> None:
        """A run has told its device by the way."""
        self.works, self.line = True, device

    def forget(self) -> None:
        """After a change of Python or model: what was told is no longer true."""
        self._end()
        self.works, self.line = None, _("told by the first run, or by 'Test' under 'Advanced'")

    def _tell(self, event: Described) -> None:
        self.works = True
        self.line = event.device
        if event.expected_seconds:
            self.line += ", " + _("about {seconds} s").format(seconds=max(1, round(event.expected_seconds)))
        self._end()
        self.answered.emit()

    def _fail(self, event: Failed) -> None:
        if event.request == self._request:
            self.works, self.line = False, event.message
            self._end()
            self.answered.emit()

    def _end(self) -> None:
        self._request = 0
