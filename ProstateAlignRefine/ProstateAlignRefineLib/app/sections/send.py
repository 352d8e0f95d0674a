"""Results to an archive (PACS): its settings, a test, and the one button that sends."""

from __future__ import annotations

import qt

from ...core.faults import reason_of, told_fault
from ...results.dicom_names import REPORT_PDF_NAME
from .. import exports, readiness
from ..binding import allow, breakable
from ..case_reports import write_dicom_pdf
from ..i18n import _
from ..install import Installer
from ..installing import install_missing
from ..pacs import DIMSE, WEB, Pacs, keep_pacs, kept_pacs
from ..sending import Sending
from ..session import Session
from ..widgets import PanelWidgets

KINDS = ((DIMSE, _("DICOM (C-STORE)")), (WEB, _("DICOMweb (STOW-RS)")))
POLL_MS = 100


class SendSection:
    def __init__(self, ui: PanelWidgets, session: Session, installer: Installer) -> None:
        self._ui, self._session, self._installer = ui, session, installer
        self._sending = Sending()
        self._sending.ended.connect(self._end)
        self._timer = qt.QTimer()
        self._timer.timeout.connect(self._poll)
        for _kind, text in KINDS:
            ui.pacsBox.addItem(text)
        self._show(kept_pacs(session.application))
        ui.pacsBox.currentIndexChanged.connect(self._change)
        ui.portBox.valueChanged.connect(self._change)
        ui.tlsCheck.toggled.connect(self._change)
        for edit in (ui.hostEdit, ui.calledEdit, ui.callingEdit, ui.webUrlEdit, ui.caEdit):
            edit.textChanged.connect(self._change)
        ui.caButton.clicked.connect(self._browse)
        ui.pacsTestButton.clicked.connect(self._test)
        ui.sendButton.clicked.connect(self._send_or_stop)
        self._say("")

    def refresh(self) -> None:
        ui, pacs, running = self._ui, self._pacs(), self._sending.running
        ui.dimseFields.visible, ui.webFields.visible = pacs.kind == DIMSE, pacs.kind == WEB
        for widget in (ui.caEdit, ui.caButton):
            widget.enabled = pacs.kind == WEB or pacs.tls
        allow(ui.pacsTestButton, readiness.to_test_pacs(pacs, running))
        allow(ui.sendButton, readiness.to_send(self._session, pacs, running))
        ui.sendButton.text = _("Stop") if running else _("Send…")

    def stop(self) -> None:
        """Ends a sending that runs."""
        self._timer.stop()
        self._sending.stop()

    def _show(self, pacs: Pacs) -> None:
        ui = self._ui
        ui.pacsBox.currentIndex = [kind for kind, _text in KINDS].index(pacs.kind) if pacs.kind == WEB else 0
        ui.hostEdit.text, ui.portBox.value, ui.tlsCheck.checked = pacs.host, pacs.port, pacs.tls
        ui.calledEdit.text, ui.callingEdit.text = pacs.called, pacs.calling
        ui.webUrlEdit.text, ui.caEdit.text = pacs.url, pacs.ca_file

    def _pacs(self) -> Pacs:
        ui = self._ui
        return Pacs(
            kind=KINDS[ui.pacsBox.currentIndex][0],
            host=ui.hostEdit.text.strip(),
            port=ui.portBox.value,
            called=ui.calledEdit.text.strip(),
            calling=ui.callingEdit.text.strip(),
            tls=ui.tlsCheck.checked,
            url=ui.webUrlEdit.text.strip(),
            ca_file=ui.caEdit.text.strip(),
            token=ui.tokenEdit.text.strip(),
        )

    def _change(self) -> None:
        keep_pacs(self._session.application, self._pacs())
        self.refresh()

    def _browse(self) -> None:
        file = self._session.application.ask_file(_("Certificates (PEM)"))
        if file is not None:
            self._ui.caEdit.text = str(file)

    def _test(self) -> None:
        if self._has_packages():
            self._sending.test(self._pacs())
            self._watch()

    def _send_or_stop(self) -> None:
        if self._sending.running:
            self._sending.cancel()
        elif self._session.application.confirm(self._question()) and self._has_packages() and self._export():
            self._sending.send(self._pacs(), self._ui.researchCheck.checked)
            self._watch()

    def _question(self) -> str:
        ui = self._ui
        report = _("structured report") if ui.sendReportCheck.checked else ""
        similarity = _("similarity map") if ui.sendMapCheck.checked else ""
        pdf = _("PDF report") if ui.sendPdfCheck.checked else ""
        objects = ", ".join(text for text in (_("segmentation"), report, pdf, similarity) if text)
        return _("Send to {server}: {objects}?\n\nThe objects carry the patient's name and ID.").format(
            server=self._pacs().name, objects=objects
        )

    def _has_packages(self) -> bool:
        problem = install_missing(self._session.application, self._installer)
        self._say(problem)
        return not problem

    def _export(self) -> bool:
        """The objects into the outbox; whether there is something to send."""
        session, ui = self._session, self._ui
        reading = session.reading
        if reading is None:
            return False
        extras = exports.DicomExtras(ui.sendReportCheck.checked, ui.sendMapCheck.checked)
        headers, outbox = session.study.headers, self._sending.outbox
        try:
            session.study.find_again(reading.inputs, session.application.ask_folder)
            exports.write_dicom_results(reading, headers, extras, outbox)
            if ui.sendPdfCheck.checked:
                write_dicom_pdf(reading, headers, outbox / REPORT_PDF_NAME)
        except OSError as error:
            problem = _("The objects could not be written ({reason}); free some space.").format(reason=reason_of(error))
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            problem = told_fault(error)
        else:
            return True
        self._sending.stop()
        self._say(problem)
        return False

    def _watch(self) -> None:
        if self._sending.running:
            self._timer.start(POLL_MS)
            self._poll()
        self.refresh()

    def _poll(self) -> None:
        self._sending.poll()
        if self._sending.running:
            self._say(_("Waiting for the server · {seconds:.0f} s").format(seconds=self._sending.elapsed))

    def _end(self, text: str) -> None:
        self._timer.stop()
        self._say(text)
        self.refresh()

    def _say(self, text: str) -> None:
        self._ui.pacsLabel.text = breakable(text)
        self._ui.pacsLabel.visible = bool(text)
