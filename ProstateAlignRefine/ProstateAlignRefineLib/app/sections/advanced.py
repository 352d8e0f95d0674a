"""Python, device and model: what most readers never open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt

from ...core.errors import InputError
from .. import readiness
from ..binding import allow, put
from ..bundles import starter_bundle
from ..download import BundleDownload
from ..i18n import _
from ..install import Installer
from ..readiness import Ready
from ..session import Session

DEVICES = (("auto", _("best one there is")), ("cuda", _("GPU")), ("cpu", _("CPU")))


class AdvancedSection:
    def __init__(self, ui: Any, session: Session, installer: Installer) -> None:
        self._ui, self._session, self._installer = ui, session, installer
        self._download: BundleDownload | None = None
        self._timer = qt.QTimer()
        self._timer.timeout.connect(self._step)
        for _name, text in DEVICES:
            ui.deviceBox.addItem(text)
        ui.deviceBox.currentIndexChanged.connect(self._choose_device)
        ui.pythonEdit.editingFinished.connect(self._type_python)
        ui.pythonButton.clicked.connect(self._browse_python)
        ui.testButton.clicked.connect(self._test)
        ui.installButton.clicked.connect(self._install)
        ui.modelButton.clicked.connect(self._choose_model)
        ui.starterButton.clicked.connect(self._choose_starter)
        ui.downloadButton.clicked.connect(self._start_or_stop)
        ui.urlEdit.textChanged.connect(self.refresh)

    def refresh(self) -> None:
        ui, session = self._ui, self._session
        put(ui.pythonEdit, "text", session.python)
        names = [name for name, _text in DEVICES]
        put(ui.deviceBox, "currentIndex", names.index(session.state.device) if session.state.device in names else 0)
        allow(ui.testButton, readiness.to_test(session))
        allow(ui.installButton, self._to_install())
        allow(ui.starterButton, _to_starter())
        allow(ui.downloadButton, self._to_download())
        ui.downloadButton.text = _("Stop") if self._download else _("Download")
        if self._download is None and session.bundle is not None:
            ui.downloadLabel.text = session.bundle.description

    def stop(self) -> None:
        """Drops a download that runs."""
        self._timer.stop()
        if self._download is not None:
            self._download.discard()
            self._download = None

    def _to_install(self) -> Ready:
        if self._session.python:
            return Ready(False, _("For your own Python run: pip install prostate-align-refine"))
        if not self._installer.missing():
            return Ready(False, _("All packages are installed."))
        return Ready(True, _("Installs {packages}.").format(packages=", ".join(self._installer.missing())))

    def _to_download(self) -> Ready:
        if self._download is not None:
            return Ready(True, _("Stops the download."))
        if not self._ui.urlEdit.text.strip():
            return Ready(False, _("Type the https address of a zipped model bundle."))
        return Ready(True, _("Shows size, licence and SHA-256 before anything is installed."))

    def _choose_device(self) -> None:
        self._session.state.device = DEVICES[self._ui.deviceBox.currentIndex][0]
        self._session.device.forget()
        self._session.changed.emit()

    def _type_python(self) -> None:
        self._session.choose_python(self._ui.pythonEdit.text.strip())

    def _browse_python(self) -> None:
        program = self._session.application.ask_file(_("Python program"))
        if program is not None:
            self._session.choose_python(str(program))

    def _test(self) -> None:
        session = self._session
        session.device.ask(str(session.bundle.folder) if session.bundle else "", session.state.device)
        session.changed.emit()

    def _install(self) -> None:
        problem = self._installer.install()
        self._session.restart_worker()
        self._session.say(problem)

    def _choose_model(self) -> None:
        folder = self._session.application.ask_folder(_("Model bundle"))
        if folder is not None:
            self._session.choose_bundle(folder)

    def _choose_starter(self) -> None:
        folder = starter_bundle()
        if folder is not None:
            self._session.choose_bundle(folder)

    def _start_or_stop(self) -> None:
        if self._download is not None:
            self.stop()
        else:
            try:
                self._download = BundleDownload(self._ui.urlEdit.text.strip())
                self._timer.start(0)
            except InputError as error:
                self._session.say(str(error))
        self.refresh()

    def _step(self) -> None:
        download = self._download
        if download is None:
            return
        try:
            more = download.step()
            self._ui.downloadLabel.text = download.progress
            if not more:
                self._finish(download)
        except InputError as error:
            self.stop()
            self._session.say(str(error))

    def _finish(self, download: BundleDownload) -> None:
        self._timer.stop()
        if self._session.application.confirm(download.question()):
            folder: Path = download.install(self._session.application.data_folder() / "Models")
            self._download = None
            self._session.choose_bundle(folder)
        else:
            self.stop()
            self.refresh()


def _to_starter() -> Ready:
    if starter_bundle() is None:
        return Ready(False, _("No starter model is installed."))
    return Ready(True, _("The model that comes with the extension."))
