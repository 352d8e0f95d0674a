"""The lesion table: what was found, jump, accept and reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import qt

from ...core.findings.rule import FindingRule
from ...results.review import Decision, FoundLesion
from .. import readiness
from ..binding import allow, put, shortcut
from ..i18n import _
from ..places import place_text, short_place
from ..session import Session
from ..texts import adc_text, confidence_text, decision_text, gland_text
from ..widgets import PanelWidgets, Widget

NARROWEST = 18  # of a column, pixels: one sign
ROW_HEIGHT, MOST_ROWS = 22, 4  # the rest is scrolled to: decisions stay in sight
KEYS = (
    ("Shift+N", "next"),
    ("Shift+P", "previous"),
    ("Shift+Y", "accept"),
    ("Shift+X", "reject"),
)
MARKS = {Decision.ACCEPTED: "✓", Decision.REJECTED: "✗", Decision.UNDECIDED: "–"}
CANDIDATE_MARK = "?"


def _number(found: FoundLesion) -> str:
    return str(found.lesion.number)


def _volume(found: FoundLesion) -> str:
    return f"{found.lesion.volume_ml:.2f}"


def _diameter(found: FoundLesion) -> str:
    return f"{found.lesion.max_axial_diameter_mm:.0f}"


def _adc(found: FoundLesion) -> str:
    return adc_text(found.lesion.mean_adc)


def _confidence(found: FoundLesion) -> str:
    return f"{found.lesion.confidence:.2f}"


def _place(found: FoundLesion) -> str:
    return short_place(found.lesion.place)


def _review(found: FoundLesion) -> str:
    waits = found.candidate and found.decision is Decision.UNDECIDED
    return CANDIDATE_MARK if waits else MARKS[found.decision]


CONFIDENCE = _("How sure the model is that this is a lesion, 0 to 1")
PLACE = _(
    "Side of the patient, level and PI-RADS sector; where the model gives no gland, side and third of the T2W stack"
)


REVIEW = _("Your decision: ✓ accepted, ✗ rejected, – not reviewed, ? a candidate, which is no lesion until accepted")
SLICES = _("T2W slices: their numbers in the DICOM series, else counted from 1")


@dataclass(frozen=True)
class Column:
    """Of the table: `meaning` is its tooltip, `cell` what stands there of a lesion."""

    heading: str
    meaning: str
    cell: Callable[[FoundLesion], str]


KEYS_HELP = _(
    "Keys: Shift + N next, P previous lesion, Y accept, X reject, A hide or show the AI results, L reading layout"
)
FRAME = 2

COLUMNS = (
    Column("#", _("Number, by falling confidence"), _number),
    Column(_("mL"), _("Volume"), _volume),
    Column(_("mm"), _("Largest diameter in one axial slice"), _diameter),
    Column(_("ADC"), _("Mean ADC, 1e-6 mm²/s"), _adc),
    Column(_("Conf."), CONFIDENCE, _confidence),
    Column(_("Place"), PLACE, _place),
    Column(_("Slices"), SLICES, _number),
    Column("✓", REVIEW, _review),
)


class LesionSection:
    def __init__(self, ui: PanelWidgets, session: Session, parent: Widget) -> None:
        self._ui, self._session = ui, session
        self._shown: tuple[FoundLesion, ...] = ()
        acts = {"next": self._next, "previous": self._previous, "accept": self._accept, "reject": self._reject}
        self._keys = [shortcut(key, parent, acts[name]) for key, name in KEYS]
        ui.keysLabel.text = KEYS_HELP
        session.found.connect(self._show_first)
        self._prepare_table()
        ui.lesionTable.cellClicked.connect(self._jump)
        ui.lesionTable.itemSelectionChanged.connect(self._allow)
        ui.acceptButton.clicked.connect(self._accept)
        ui.rejectButton.clicked.connect(self._reject)
        ui.paintButton.clicked.connect(self._paint)
        ui.psaEdit.editingFinished.connect(self._type_psa)

    @property
    def chosen(self) -> FoundLesion | None:
        """The lesion of the row that is marked; None where none is."""
        row = self._ui.lesionTable.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def refresh(self) -> None:
        reading = self._session.shown
        self._shown = reading.lesions if reading else ()
        self._ui.lesionSummary.text = self._summary()
        self._show_patient()
        self._fill()
        self._allow()

    def _prepare_table(self) -> None:
        table = self._ui.lesionTable
        table.setColumnCount(len(COLUMNS))
        for index, column in enumerate(COLUMNS):
            item = qt.QTableWidgetItem(column.heading)
            item.setToolTip(column.meaning)
            table.setHorizontalHeaderItem(index, item)
        table.horizontalHeader().setMinimumSectionSize(NARROWEST)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        place = next(index for index, column in enumerate(COLUMNS) if column.meaning is PLACE)
        table.horizontalHeader().setSectionResizeMode(place, qt.QHeaderView.Stretch)
        table.verticalHeader().visible = False
        table.verticalHeader().setSectionResizeMode(qt.QHeaderView.Fixed)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)

    def _summary(self) -> str:
        if self._session.reading is None:
            return _("No result yet.")
        if self._session.shown is None:
            return readiness.to_adjust(self._session).why
        if not self._shown:
            return _("No lesion found. A higher 'Sensitivity' shows weaker findings as candidates.")
        waiting = sum(found.decision is Decision.UNDECIDED for found in self._shown)
        candidates = sum(found.candidate for found in self._shown)
        text = _("{count} found, {waiting} not reviewed").format(count=len(self._shown) - candidates, waiting=waiting)
        text += _("; {count} candidates").format(count=candidates) if candidates else ""
        return text + (_("; with a place given") if self._session.shown.run.place_given else "")

    def _show_patient(self) -> None:
        """What the model was trained on, the gland's size, and the PSA that belongs to this result."""
        ui, reading = self._ui, self._session.shown
        run = reading.run if reading else None
        ui.noticeLabel.text = run.model.notice if run else ""
        ui.noticeLabel.visible = bool(ui.noticeLabel.text)
        psa = run.psa if run else None
        ui.glandLabel.text = gland_text(reading.anatomy.gland, run) if reading and run else ""
        ui.psaEdit.enabled = reading is not None
        put(ui.psaEdit, "text", "" if psa is None else f"{psa:g}")

    def _type_psa(self) -> None:
        self._session.review.type_psa(self._ui.psaEdit.text)

    def _fill(self) -> None:
        table = self._ui.lesionTable
        row = table.currentRow()
        blocked = table.blockSignals(True)
        table.setRowCount(len(self._shown))
        for line, found in enumerate(self._shown):
            for index, column in enumerate(COLUMNS):
                item = qt.QTableWidgetItem(column.cell(found))
                if column.meaning is SLICES:
                    self._name_slices(item, found)
                if column.meaning is CONFIDENCE and self._session.reading is not None:
                    item.setToolTip(_sureness(found, self._session.reading.run.finding_rule))
                if column.meaning is REVIEW:
                    item.setToolTip(decision_text(found))
                if column.meaning is PLACE:
                    item.setToolTip(place_text(found.lesion.place))
                table.setItem(line, index, item)
        if 0 <= row < len(self._shown):
            table.selectRow(row)
        table.blockSignals(blocked)
        rows = min(max(len(self._shown), 1), MOST_ROWS)
        table.setFixedHeight(table.horizontalHeader().sizeHint.height() + rows * ROW_HEIGHT + 2 * FRAME)

    def _name_slices(self, item: Any, found: FoundLesion) -> None:
        """Numbers in the cell, positions in its tool tip."""
        reading, slices = self._session.reading, found.lesion.slices
        if reading is not None:
            item.setText(reading.slice_names.short(*slices))
            item.setToolTip(reading.slice_names.text(*slices))

    def _allow(self) -> None:
        chosen = self.chosen
        ready = readiness.to_decide(self._session, chosen.lesion.number if chosen else None)
        allow(self._ui.acceptButton, ready)
        allow(self._ui.rejectButton, ready)
        allow(self._ui.paintButton, readiness.to_paint(self._session, chosen))

    def _jump(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._session.jump(self._shown[row].lesion.number)

    def _next(self) -> None:
        self._step(1)

    def _previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """From the last to the first, and back."""
        if self._shown:
            row = self._ui.lesionTable.currentRow()
            self._show(0 if row < 0 else (row + by) % len(self._shown))

    def _show_first(self) -> None:
        """A result is there: its most confident lesion, in the table and in all views."""
        if self._shown:
            self._show(0)

    def _show(self, row: int) -> None:
        self._ui.lesionTable.selectRow(row)
        self._jump(row)

    def _accept(self) -> None:
        self._decide(Decision.ACCEPTED)

    def _reject(self) -> None:
        self._decide(Decision.REJECTED)

    def _paint(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self._session.where.paint(chosen.lesion.number)

    def _decide(self, decision: Decision) -> None:
        """The same button again takes the decision back."""
        chosen = self.chosen
        if chosen is not None:
            again = chosen.decision is decision
            self._session.review.decide(chosen.lesion.number, Decision.UNDECIDED if again else decision)


def _sureness(found: FoundLesion, rule: FindingRule | None) -> str:
    """What the confidence means, and the similarity, for which a narrow table has no room."""
    similarity = _("Mean similarity to the prompt, 0 to 1: {value:.2f}").format(value=found.lesion.mean_similarity)
    return f"{confidence_text(rule)}\n{similarity}"
