"""What a reader must know before trusting the result: one line, all of it at a click."""

from __future__ import annotations

import qt

from ..binding import put
from ..i18n import _
from ..session import Session
from ..texts import cautions_text
from ..widgets import PanelWidgets

AROUND = 72  # pixels beside the text: the button, the frame and what lies between them
LEAST = 370  # pixels at Slicer's first width: a panel that was not shown yet tells less, and a line too long is wrapped


class CautionSection:
    """Folded anew for every result."""

    def __init__(self, ui: PanelWidgets, session: Session) -> None:
        self._ui, self._session, self._text = ui, session, ""
        ui.cautionButton.toggled.connect(self._show)

    def refresh(self) -> None:
        reading = self._session.shown
        text = cautions_text(reading.run.cautions) if reading else ""
        if text != self._text:
            self._text = text
            put(self._ui.cautionButton, "checked", False)
        self._show()

    def _show(self) -> None:
        label, button = self._ui.cautionLabel, self._ui.cautionButton
        line = self._line()
        label.text = self._text if button.checked else line
        label.toolTip = self._text
        label.visible = bool(self._text)
        button.visible = line != self._text
        button.text = _("Less") if button.checked else _("More")

    def _line(self) -> str:
        """As much as fits beside the button; how many there are, where there are several."""
        count = len(self._text.splitlines())
        line = self._text.replace("\n", " ")
        whole = line if count < 2 else _("{count} cautions. {all}").format(count=count, all=line)
        room = max(self._ui.lesionTable.width, LEAST) - AROUND
        shown: str = self._ui.cautionLabel.fontMetrics().elidedText(whole, qt.Qt.ElideRight, room)
        return shown
