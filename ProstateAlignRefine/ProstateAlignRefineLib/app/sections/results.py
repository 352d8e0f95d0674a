"""The results of the scene, one click each: shown once there is more than one."""

from __future__ import annotations

from ..binding import put
from ..listed_results import ListedResult, listed_results
from ..session import Session
from ..widgets import PanelWidgets

ROW_HEIGHT = 20
MOST_ROWS = 4


class ResultsSection:
    def __init__(self, ui: PanelWidgets, session: Session) -> None:
        self._ui, self._session = ui, session
        self._listed: tuple[ListedResult, ...] = ()
        ui.resultList.currentRowChanged.connect(self._choose)

    def refresh(self) -> None:
        session, box = self._session, self._ui.resultList
        listed = listed_results(session.application.scene, session.reading)
        self._ui.resultsSection.visible = len(listed) > 1 or any(result.kept for result in listed)
        if [result.text for result in listed] != [result.text for result in self._listed]:
            self._fill([result.text for result in listed])
        self._listed = listed
        put(box, "currentRow", next((row for row, result in enumerate(listed) if result.kept is None), -1))

    def _fill(self, texts: list[str]) -> None:
        box = self._ui.resultList
        blocked = box.blockSignals(True)
        box.clear()
        for text in texts:
            box.addItem(text)
        box.blockSignals(blocked)
        box.setFixedHeight(min(max(len(texts), 1), MOST_ROWS) * ROW_HEIGHT + 4)

    def _choose(self, row: int) -> None:
        kept = self._listed[row].kept if 0 <= row < len(self._listed) else None
        if kept is not None:
            self._session.activate(kept)
