"""The lesion table: what was found, jump, accept and reject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from ...core.geometry import Grid
from ...scene.reviewed import Decision, FoundLesion
from .. import readiness
from ..binding import allow
from ..i18n import _
from ..places import level_of, side_of, slices_of
from ..session import Session
from ..texts import DECISIONS, adc_text

Cell = Callable[[FoundLesion, Grid], str]

# Heading, what it means, and the text of a cell.
COLUMNS: tuple[tuple[str, str, Cell], ...] = (
    (_("No."), _("By falling confidence"), lambda found, grid: str(found.lesion.number)),
    (_("mL"), _("Volume"), lambda found, grid: f"{found.lesion.volume_ml:.2f}"),
    (_("mm"), _("Largest diameter in one axial slice"), lambda found, grid: f"{found.lesion.max_axial_diameter_mm:.0f}"),
    (_("ADC"), _("Mean ADC, 1e-6 mm²/s"), lambda found, grid: adc_text(found.lesion.mean_adc)),
    (_("Conf."), _("Mean confidence of the base model, 0 to 1"), lambda found, grid: f"{found.lesion.mean_confidence:.2f}"),
    (_("Sim."), _("Mean similarity to the prompt, 0 to 1"), lambda found, grid: f"{found.lesion.mean_similarity:.2f}"),
    (
        _("Place"),
        _("Side of the patient and third of the stack, seen from the middle of the T2W: the gland is not segmented"),
        lambda found, grid: f"{side_of(found.lesion, grid)}, {level_of(found.lesion, grid)}",
    ),
    (_("Slices"), _("T2W slices, counted from 1"), lambda found, grid: slices_of(found.lesion)),
    (_("Review"), _("Your decision"), lambda found, grid: DECISIONS[found.decision]),
)


class LesionSection:
    def __init__(self, ui: Any, session: Session) -> None:
        self._ui, self._session = ui, session
        self._shown: tuple[FoundLesion, ...] = ()
        self._prepare_table()
        ui.lesionTable.cellClicked.connect(self._jump)
        ui.lesionTable.itemSelectionChanged.connect(self._allow)
        ui.acceptButton.clicked.connect(self._accept)
        ui.rejectButton.clicked.connect(self._reject)

    @property
    def chosen(self) -> FoundLesion | None:
        row = self._ui.lesionTable.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def refresh(self) -> None:
        reading = self._session.reading
        self._shown = reading.lesions if reading else ()
        self._ui.lesionSummary.text = self._summary()
        self._fill()
        self._allow()

    def _prepare_table(self) -> None:
        table = self._ui.lesionTable
        table.setColumnCount(len(COLUMNS))
        for column, (heading, meaning, _cell) in enumerate(COLUMNS):
            item = qt.QTableWidgetItem(heading)
            item.setToolTip(meaning)
            table.setHorizontalHeaderItem(column, item)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        table.verticalHeader().visible = False

    def _summary(self) -> str:
        if self._session.reading is None:
            return _("No result yet.")
        if not self._shown:
            return _("No lesion found. A lower 'Confidence above' or a stronger edit may bring one up.")
        waiting = sum(found.decision is Decision.UNDECIDED for found in self._shown)
        return _("{count} found, {waiting} not reviewed").format(count=len(self._shown), waiting=waiting)

    def _fill(self) -> None:
        table, reading = self._ui.lesionTable, self._session.reading
        row = table.currentRow()
        blocked = table.blockSignals(True)
        table.setRowCount(len(self._shown))
        for index, found in enumerate(self._shown):
            for column, (_heading, _meaning, cell) in enumerate(COLUMNS):
                assert reading is not None
                table.setItem(index, column, qt.QTableWidgetItem(cell(found, reading.maps.grid)))
        if 0 <= row < len(self._shown):
            table.selectRow(row)
        table.blockSignals(blocked)

    def _allow(self) -> None:
        chosen = self.chosen
        ready = readiness.to_decide(self._session, chosen.lesion.number if chosen else None)
        allow(self._ui.acceptButton, ready)
        allow(self._ui.rejectButton, ready)

    def _jump(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._session.jump(self._shown[row].lesion.number)

    def _accept(self) -> None:
        self._decide(Decision.ACCEPTED)

    def _reject(self) -> None:
        self._decide(Decision.REJECTED)

    def _decide(self, decision: Decision) -> None:
        """The same button again takes the decision back."""
        chosen = self.chosen
        if chosen is not None:
            again = chosen.decision is decision
            self._session.decide(chosen.lesion.number, Decision.UNDECIDED if again else decision)
