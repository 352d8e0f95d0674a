"""The table of the studies of a folder or zip, of which the user chooses one: patients are named here alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import qt

from .i18n import _

if TYPE_CHECKING:
    from ..dicom import ListedStudy

WIDTH, HEIGHT = 720, 320


class StudyTable:
    """`dialog` is modal; `chosen` is the study of the selected row."""

    def __init__(self, studies: Sequence[ListedStudy], parent: Any = None) -> None:
        self._studies = tuple(studies)
        self.dialog = qt.QDialog(parent)
        self.dialog.windowTitle = _("Choose a study")
        self.table = qt.QTableWidget(len(studies), len(_columns()))
        self._fill()
        self._buttons = qt.QDialogButtonBox()
        self._buttons.setStandardButtons(qt.QDialogButtonBox.Ok | qt.QDialogButtonBox.Cancel)
        self._buttons.accepted.connect(self.dialog.accept)
        self._buttons.rejected.connect(self.dialog.reject)
        self.table.cellDoubleClicked.connect(self._accept)
        layout = qt.QVBoxLayout(self.dialog)
        for widget in (qt.QLabel(_("There are several studies. Which one is to be read?")), self.table, self._buttons):
            layout.addWidget(widget)
        self.dialog.resize(WIDTH, HEIGHT)

    @property
    def chosen(self) -> ListedStudy:
        return self._studies[max(self.table.currentRow(), 0)]

    def _fill(self) -> None:
        self.table.setHorizontalHeaderLabels(_columns())
        self.table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
        self.table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
        self.table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        for row, study in enumerate(self._studies):
            for column, text in enumerate(_cells(study)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setCurrentCell(self._first_complete(), 0)

    def _first_complete(self) -> int:
        return next((row for row, study in enumerate(self._studies) if study.complete), 0)

    def _accept(self, _row: int, _column: int) -> None:
        self.dialog.accept()


def _columns() -> list[str]:
    return [_("Patient"), _("Study date"), _("Study"), _("T2W, ADC, HBV"), _("Series")]


def _cells(study: ListedStudy) -> tuple[str, ...]:
    found = _("yes") if study.complete else _("no")
    return (study.patient, study.date or "?", study.description, found, ", ".join(study.series))
