"""Python, device and model: what most readers never open."""

from __future__ import annotations

from ...bundle.archive import archive_digest, look_into, unpack
from ...bundle.starter import find_starter
from ...core.faults import told_fault
from .. import readiness
from ..binding import allow, put
from ..bundle_words import bundle_text, install_question
from ..gland_wheel import use_gland_network
from ..i18n import _
from ..install import Installer
from ..installing import install_missing, remove_installed
from ..readiness import Ready
from ..session import Session
from ..widgets import PanelWidgets

DEVICES = (("auto", _("best one there is")), ("cuda", _("GPU")), ("cpu", _("CPU")))


class AdvancedSection:
    def __init__(self, ui: PanelWidgets, session: Session, installer: Installer) -> None:
        self._ui, self._session, self._installer = ui, session, installer
        for _name, text in DEVICES:
            ui.deviceBox.addItem(text)
        ui.deviceBox.currentIndexChanged.connect(self._choose_device)
        ui.registerBox.toggled.connect(self._choose_register)
        ui.glandNetworkBox.toggled.connect(self._choose_gland_network)
        ui.pythonEdit.editingFinished.connect(self._type_python)
        ui.pythonButton.clicked.connect(self._browse_python)
        ui.testButton.clicked.connect(self._test)
        ui.installButton.clicked.connect(self._install)
        ui.wheelsButton.clicked.connect(self._install_wheels)
        ui.removeButton.clicked.connect(self._remove)
        ui.modelButton.clicked.connect(self._choose_model)
        ui.starterButton.clicked.connect(self._choose_starter)
        ui.zipButton.clicked.connect(self._choose_zip)

    def refresh(self) -> None:
        ui, session = self._ui, self._session
        put(ui.pythonEdit, "text", session.python.program)
        names = [name for name, _text in DEVICES]
        put(ui.deviceBox, "currentIndex", names.index(session.state.device) if session.state.device in names else 0)
        put(ui.registerBox, "checked", session.state.register)
        put(ui.glandNetworkBox, "checked", session.state.gland_network)
        allow(ui.testButton, readiness.to_test(session))
        to_install = self._to_install()
        allow(ui.installButton, to_install)
        allow(ui.wheelsButton, to_install)
        allow(ui.removeButton, self._to_remove())
        allow(ui.starterButton, _to_starter())
        allow(ui.zipButton, Ready(True, _("Shows size, licence and SHA-256 before anything is unpacked.")))
        ui.bundleLabel.text = "" if session.bundle is None else bundle_text(session.bundle)

    def _to_install(self) -> Ready:
        if self._session.python.program:
            return Ready(False, _("Into your own Python pip installs this repository, as README says."))
        if not self._installer.missing():
            return Ready(False, _("All packages are installed."))
        return Ready(True, _("Installs {packages}.").format(packages=", ".join(self._installer.missing())))

    def _to_remove(self) -> Ready:
        names = self._installer.removable()
        if not names:
            return Ready(False, _("Nothing in Slicer's Python was installed by this program."))
        return Ready(True, _("Removes {packages}.").format(packages=", ".join(names)))

    def _choose_device(self) -> None:
        self._session.state.device = DEVICES[self._ui.deviceBox.currentIndex][0]
        self._session.device.forget()
        self._session.changed.emit()

    def _choose_register(self, wanted: bool) -> None:
        self._session.state.register = wanted

    def _choose_gland_network(self, wanted: bool) -> None:
        session = self._session
        session.say(use_gland_network(session.application, session.state, wanted))

    def _type_python(self) -> None:
        self._session.python.choose(self._ui.pythonEdit.text.strip())

    def _browse_python(self) -> None:
        program = self._session.application.ask_file(_("Python program"))
        if program is not None:
            self._session.python.choose(str(program))

    def _test(self) -> None:
        session = self._session
        session.device.ask(str(session.bundle.folder) if session.bundle else "", session.state.device)
        session.changed.emit()

    def _install(self) -> None:
        problem = install_missing(self._session.application, self._installer)
        self._session.python.restart()
        self._session.say(problem)

    def _install_wheels(self) -> None:
        folder = self._session.application.ask_folder(_("Folder of wheels"))
        if folder is not None:
            problem = install_missing(self._session.application, self._installer, folder)
            self._session.python.restart()
            self._session.say(problem)

    def _remove(self) -> None:
        self._session.python.restart()  # its libraries are in use
        self._session.say(remove_installed(self._session.application, self._installer))

    def _choose_model(self) -> None:
        folder = self._session.application.ask_folder(_("Model bundle"))
        if folder is not None:
            self._session.choose_bundle(folder)

    def _choose_starter(self) -> None:
        folder = find_starter()
        if folder is not None:
            self._session.choose_bundle(folder)

    def _choose_zip(self) -> None:
        archive = self._session.application.ask_file(_("Zipped model bundle"))
        if archive is None:
            return
        try:
            digest = archive_digest(archive)
            if self._session.application.confirm(install_question(look_into(archive), digest)):
                folder = self._session.application.data_folder() / "Models" / digest[:16]
                unpack(archive, folder)
                self._session.choose_bundle(folder)
        except Exception as error:  # a slot must not end in a traceback, which can quote what a file says
            self._session.say(told_fault(error))


def _to_starter() -> Ready:
    if find_starter() is None:
        return Ready(False, _("No starter model is installed."))
    return Ready(True, _("The model that comes with the extension."))
