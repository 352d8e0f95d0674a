"""Opening a study from a zip."""

from __future__ import annotations

from .. import readiness
from ..binding import allow
from ..i18n import _
from ..session import Session
from ..widgets import PanelWidgets


class ZipSection:
    def __init__(self, ui: PanelWidgets, session: Session) -> None:
        self._ui, self._session = ui, session
        ui.openZipButton.clicked.connect(self._open)

    def refresh(self) -> None:
        allow(self._ui.openZipButton, readiness.to_choose(self._session))

    def _open(self) -> None:
        file = self._session.application.ask_file(_("Zip of a study"))
        if file is not None:
            self._session.open_study(file)
