"""Model, prompt, device, and the one button: segment, or cancel."""

from __future__ import annotations

import qt

from .. import readiness
from ..binding import allow, breakable, put
from ..bundle_words import bundle_text
from ..gland_wheel import use_gland_network
from ..i18n import _
from ..install import Installer
from ..installing import install_missing
from ..segmentation_run import REST_SECONDS, SegmentationRun
from ..session import Session
from ..widgets import PanelWidgets


class RunSection:
    def __init__(self, ui: PanelWidgets, session: Session, installer: Installer) -> None:
        self._ui, self._session, self._installer = ui, session, installer
        ui.segmentButton.clicked.connect(self._click)
        ui.promptEdit.textEdited.connect(self._type_prompt)
        self._rest = qt.QTimer()
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self.refresh)
        session.run.ended.connect(self._rest_a_moment)

    def refresh(self) -> None:
        session, ui = self._session, self._ui
        bundle = session.bundle
        ui.modelLabel.text = breakable(bundle.facts.name) if bundle else _("none; choose one under 'Advanced'")
        ui.modelLabel.toolTip = bundle_text(bundle) if bundle else ""
        put(ui.promptEdit, "text", session.prompt)
        ui.promptEdit.enabled = not session.run.running
        ui.deviceLabel.text = session.device.line
        ui.segmentButton.text = _("Cancel") if session.run.running else _("Segment lesion")
        allow(ui.segmentButton, readiness.to_segment(session))
        ui.progressBar.visible = session.run.running
        self.tick()

    def tick(self) -> None:
        """Progress, stage and elapsed time; the message when nothing runs, or before a result the model's notice."""
        session, ui = self._session, self._ui
        if session.run.running:
            ui.progressBar.value = round(session.run.percent)
            ui.messageLabel.text = f"{session.run.stage} · {_elapsed(session.run)}"
        else:
            notice = session.bundle.facts.notice if session.bundle and session.reading is None else ""
            ui.messageLabel.text = breakable(session.message or notice)
        ui.messageLabel.visible = bool(ui.messageLabel.text)

    def stop(self) -> None:
        self._rest.stop()

    def _rest_a_moment(self) -> None:
        """The button is off as long as a click could still be meant for the run that has ended."""
        self._rest.start(round(REST_SECONDS * 1100))  # Qt's coarse timers may fire 5 % early

    def _click(self) -> None:
        if self._session.run.running:
            self._session.cancel()
            return
        session = self._session
        problem = "" if session.python.program else install_missing(session.application, self._installer)
        if not problem:  # its file may be gone since it was chosen
            problem = use_gland_network(session.application, session.state, session.state.gland_network)
        if problem:
            session.say(problem)
        else:
            session.segment()

    def _type_prompt(self, text: str) -> None:
        self._session.type_prompt(text)


def _elapsed(run: SegmentationRun) -> str:
    """And, where such a run was seen before, how long that took."""
    if run.expected is None:
        return _("{seconds:.0f} s").format(seconds=run.elapsed)
    return _("{seconds:.0f} s of about {expected:.0f} s").format(seconds=run.elapsed, expected=max(run.expected, 1))
