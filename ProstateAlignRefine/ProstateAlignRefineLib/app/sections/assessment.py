"""The reader's form of one lesion: PI-RADS scores, extension, sector; and the report of the case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ...core.assessment import Assessment
from ...core.faults import reason_of, told_fault
from ...core.pirads import SCORES, Enhancement, Extension, ScoredZone
from ...core.sectors import Sector
from ...results.review import FoundLesion
from ...results.sector_picture import marked_sectors
from ...scene.ruler import Ruler
from .. import readiness
from ..application import RESOURCES
from ..assessment_widgets import AssessmentWidgets
from ..binding import allow, breakable, put
from ..case_reports import write_case_report
from ..i18n import _
from ..places import place_text
from ..session import Session
from ..widgets import PanelWidgets, Widget
from .sector_view import SectorView

ZONES = ((None, _("as the sector")), (ScoredZone.PERIPHERAL, _("peripheral")), (ScoredZone.TRANSITION, _("transition")))
NUMBERS = ((None, "–"), *((score, str(score)) for score in SCORES))
CONTRAST = (
    (Enhancement.NOT_DONE, _("not done")),
    (Enhancement.NEGATIVE, _("negative")),
    (Enhancement.POSITIVE, _("positive")),
)
EXTENSION = (
    (Extension.NOT_SAID, "–"),
    (Extension.NONE, _("none")),
    (Extension.SUSPECTED, _("suspected")),
    (Extension.DEFINITE, _("definite")),
)
KINDS = "HTML (*.html);;PDF (*.pdf);;DICOM PDF (*.dcm)"


class AssessmentSection:
    """Put into the panel below the table of lesions, whose chosen row it is about. `widgets`: those of its form."""

    def __init__(self, ui: PanelWidgets, session: Session, panel: Widget) -> None:
        self._table, self._session = ui.lesionTable, session
        form = session.application.load_ui(RESOURCES / "UI" / "Assessment.ui")
        column = cast(Any, panel).layout()
        column.insertWidget(column.indexOf(ui.lesionSection) + 1, form)
        self.widgets = cast(AssessmentWidgets, session.application.widgets_of(form))
        self._fields = {
            "zone": (self.widgets.zoneBox, ZONES),
            "t2w": (self.widgets.t2wScoreBox, NUMBERS),
            "dwi": (self.widgets.dwiScoreBox, NUMBERS),
            "dce": (self.widgets.dceBox, CONTRAST),
            "epe": (self.widgets.epeBox, EXTENSION),
            "svi": (self.widgets.sviBox, EXTENSION),
        }
        for box, choices in self._fields.values():
            for _value, text in choices:
                box.addItem(text)
            box.currentIndexChanged.connect(self._enter)
        self._map = SectorView(self.widgets.sectorView, self.click)
        self._ruler = Ruler(session.application.scene)
        self.widgets.reportButton.clicked.connect(self._report)
        ui.lesionTable.itemSelectionChanged.connect(self.refresh)
        session.ticked.connect(self._hide_ruler)

    @property
    def chosen(self) -> FoundLesion | None:
        """The lesion of the row that is marked; None where none is."""
        lesions, row = self._lesions, self._table.currentRow()
        return lesions[row] if 0 <= row < len(lesions) else None

    def refresh(self) -> None:
        ui, found = self.widgets, self.chosen
        self._say("")
        said = found.assessment if found else Assessment()
        for name, (box, choices) in self._fields.items():
            box.enabled = found is not None
            put(box, "currentIndex", [value for value, _text in choices].index(getattr(said, name)))
        ui.chosenLabel.text = _title(found)
        ui.categoryLabel.text = _category(found)
        kept = [one for one in self._lesions if one.kept or one is found]
        self._map.show(marked_sectors(kept), said.sectors_at(found.lesion.place) if found else ())
        allow(ui.reportButton, self._to_report())
        self._draw_ruler()

    def stop(self) -> None:
        self._map.stop()

    @property
    def _lesions(self) -> tuple[FoundLesion, ...]:
        reading = self._session.reading
        return reading.lesions if reading is not None and reading.alive else ()

    def _to_report(self) -> readiness.Ready:
        ready = readiness.to_export(self._session)
        return readiness.Ready(ready.possible, ready.why or REPORT)

    def _draw_ruler(self) -> None:
        reading, found = self._session.reading, self.chosen
        if reading is None or found is None:
            self._ruler.hide()
        else:
            self._ruler.show(found.lesion, reading.inputs.t2w, visible=self._session.state.show_ai)

    def _hide_ruler(self, _counts: object) -> None:
        self._ruler.hide()

    def _enter(self) -> None:
        found = self.chosen
        if found is not None:
            values = {name: choices[box.currentIndex][0] for name, (box, choices) in self._fields.items()}
            self._session.review.assess(found.lesion.number, replace(found.assessment, **cast(Any, values)))

    def click(self, sector: Sector) -> None:
        """The lesion that is marked there; else the sector of the chosen lesion, or no longer the reader's own."""
        found, there = self.chosen, marked_sectors(one for one in self._lesions if one.kept).get(sector, ())
        own = found is not None and found.lesion.number in there
        if there and not own:
            row = next(row for row, one in enumerate(self._lesions) if one.lesion.number == there[0])
            self._table.selectRow(row)
            self._session.jump(there[0])
        elif found is not None:
            chosen = None if found.assessment.sector == sector else sector
            self._session.review.assess(found.lesion.number, replace(found.assessment, sector=chosen))

    def _report(self) -> None:
        session = self._session
        path = session.application.ask_new_file(_("Report"), "report.html", KINDS)
        if path is not None and session.reading is not None:
            self._say(self._write(path))

    def _write(self, path: Path) -> str:
        session = self._session
        assert session.reading is not None
        try:
            if readiness.to_export_dicom(session).possible:
                session.study.find_again(session.reading.inputs, session.application.ask_folder)
            write_case_report(session.reading, session.study.headers, path)
            if path.suffix == ".dcm":
                session.application.add_to_dicom_database(path)
        except OSError as error:
            text = _("{name} could not be written ({reason}); choose another folder.")
            return text.format(name=path.name, reason=reason_of(error))
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            return told_fault(error)
        return _("Written: {name}").format(name=path.name)

    def _say(self, text: str) -> None:
        self.widgets.reportLabel.text = breakable(text)
        self.widgets.reportLabel.visible = bool(text)


REPORT = _(
    "One file with key images, sector map, table and provenance: HTML, PDF, or a PDF within DICOM, by the ending of "
    "its name. It names the patient where the study's DICOM files are known."
)


def _title(found: FoundLesion | None) -> str:
    if found is None:
        return _("Choose a lesion in the table to score it. The scores are yours: the program gives none.")
    lesion = found.lesion
    return _("Lesion {number}: {place}; {diameters} (longest axial, across, cranio-caudal)").format(
        number=lesion.number, place=place_text(lesion.place), diameters=lesion.diameters.text
    )


def _category(found: FoundLesion | None) -> str:
    if found is None:
        return ""
    said, lesion = found.assessment, found.lesion
    if found.category is None:
        missing = _("choose the zone") if said.zone_at(lesion.place) is None else _("scores are missing")
        return _("PI-RADS v2.1: – ({missing})").format(missing=missing)
    text = _("PI-RADS v2.1: {category}").format(category=found.category)
    if said.asks_for_five_at(lesion.place, lesion.max_axial_diameter_mm):
        text += ". " + _("From 15 mm on, or with definite EPE, PI-RADS scores 5 rather than 4: check the score.")
    return text
