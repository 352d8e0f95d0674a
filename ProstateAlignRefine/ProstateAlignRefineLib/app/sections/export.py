"""Files and text out of the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...core.errors import InputError
from ...core.faults import reason_of, told_fault
from ...results.dicom_names import MEASUREMENTS_NAME, SEGMENTATION_NAME
from ...scene.reading import Reading
from .. import exports, readiness
from ..binding import allow, breakable
from ..i18n import _
from ..session import Session
from ..texts import report_text
from ..widgets import PanelWidgets
from .seg_type import fill_seg_types, seg_type_of


class ExportSection:
    def __init__(self, ui: PanelWidgets, session: Session) -> None:
        self._ui, self._session = ui, session
        fill_seg_types(ui)
        ui.segButton.clicked.connect(self._segmentation)
        ui.srButton.clicked.connect(self._measurements)
        ui.fileButton.clicked.connect(self._labels)
        ui.csvButton.clicked.connect(self._csv)
        ui.copyButton.clicked.connect(self._copy)

    def refresh(self) -> None:
        ui, session = self._ui, self._session
        plain, dicom = readiness.to_export(session), readiness.to_export_dicom(session)
        for button in (ui.segButton, ui.srButton):
            allow(button, dicom)
        for button in (ui.fileButton, ui.csvButton, ui.copyButton):
            allow(button, plain)
        self._say(dicom.why if session.reading is not None and not dicom.possible else "")

    def _segmentation(self) -> None:
        def write(reading: Reading, path: Path) -> None:
            self._session.study.find_again(reading.inputs, self._session.application.ask_folder)
            exports.write_dicom_segmentation(reading, self._session.study.headers, path, seg_type_of(self._ui))
            self._session.application.add_to_dicom_database(path)

        self._export(_("DICOM segmentation"), SEGMENTATION_NAME, "DICOM (*.dcm)", write)

    def _measurements(self) -> None:
        def write(reading: Reading, path: Path) -> None:
            self._session.study.find_again(reading.inputs, self._session.application.ask_folder)
            beside = exports.beside_report(path)
            question = _("{name}, which the report refers to, is there already. Replace it?")
            if beside.exists() and not self._session.application.confirm(question.format(name=beside.name)):
                raise InputError(_("Nothing was written; give the report another name."))
            segmentation = exports.write_dicom_report(reading, self._session.study.headers, path)
            for file in (segmentation, path):
                self._session.application.add_to_dicom_database(file)

        self._export(_("DICOM structured report"), MEASUREMENTS_NAME, "DICOM (*.dcm)", write)

    def _labels(self) -> None:
        def write(reading: Reading, path: Path) -> None:
            exports.write_labels(reading, path)

        self._export(_("Lesions"), "lesions.nii.gz", "NIfTI (*.nii.gz);;Segmentation (*.seg.nrrd)", write)

    def _csv(self) -> None:
        def write(reading: Reading, path: Path) -> None:
            exports.write_csv(reading, path)

        self._export(_("Lesion table"), "lesions.csv", "CSV (*.csv)", write)

    def _copy(self) -> None:
        reading = self._session.reading
        if reading is not None:
            self._session.application.copy_text(report_text(reading))
            self._say(_("The text is on the clipboard."))

    def _export(self, title: str, name: str, kinds: str, write: Callable[[Reading, Path], None]) -> None:
        reading = self._session.reading
        path = self._session.application.ask_new_file(title, name, kinds)
        if path is None or reading is None:
            return
        try:
            write(reading, path)
            message = _("Written: {name}").format(name=path.name)
        except OSError as error:
            message = _("{name} could not be written ({reason}); choose another folder.").format(
                name=path.name, reason=reason_of(error)
            )
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            message = told_fault(error)
        self._session.changed.emit()
        self._say(message)

    def _say(self, text: str) -> None:
        self._ui.exportLabel.text = breakable(text)
        self._ui.exportLabel.visible = bool(text)
