"""The panel: the .ui, its sections, the timer that listens to the worker, and the scene's comings and goings."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from .application import RESOURCES, Application, SlicerApplication
from .install import Installer, PackageInstaller
from .packages import PACS, WORKER
from .sections.advanced import AdvancedSection
from .sections.assessment import AssessmentSection
from .sections.cautions import CautionSection
from .sections.export import ExportSection
from .sections.gate import GateSection
from .sections.lesions import LesionSection
from .sections.results import ResultsSection
from .sections.run import RunSection
from .sections.send import SendSection
from .sections.show import ShowSection
from .sections.study import StudySection
from .sections.zip import ZipSection
from .session import Session
from .texts import research_use
from .worker import Worker

POLL_MS = 50


class Panel:
    """`widget` is what to put into the module's layout; `session` holds everything that is not a widget."""

    def __init__(
        self,
        application: Application | None = None,
        worker: Worker | None = None,
        installer: Installer | None = None,
        pacs_installer: Installer | None = None,
    ) -> None:
        self.application: Application = application or SlicerApplication()
        self.installer: Installer = installer or PackageInstaller(WORKER, self.application.data_folder())
        self.session = Session(self.application, worker)
        self.widget = self.application.load_ui(RESOURCES / "UI" / "ProstateAlignRefine.ui")
        self.ui = self.application.widgets_of(self.widget)
        self.ui.researchLabel.text = research_use()
        self._run = RunSection(self.ui, self.session, self.installer)
        self._advanced = AdvancedSection(self.ui, self.session, self.installer)
        pacs = pacs_installer or PackageInstaller(PACS, self.application.data_folder())
        self._send = SendSection(self.ui, self.session, pacs)
        self.assessment = AssessmentSection(self.ui, self.session, self.widget)
        study = StudySection(self.ui, self.session, self.widget)
        self._sections = (
            study,
            ZipSection(self.ui, self.session),
            self._run,
            ResultsSection(self.ui, self.session),
            GateSection(self.ui, self.session),
            LesionSection(self.ui, self.session, self.widget),
            CautionSection(self.ui, self.session),
            self.assessment,
            ShowSection(self.ui, self.session, self.widget),
            ExportSection(self.ui, self.session),
            self._send,
            self._advanced,
        )
        self._timer = qt.QTimer()
        self._timer.timeout.connect(self._poll)
        self._scene = self.application.scene
        self._observers = self._observe_scene()
        self._stop_watching = self.application.watch_modules(self.session.where.notice_module)
        self._stop_watching_layout = self.session.layout.watch(study.show_layout)
        self.session.changed.connect(self.refresh)
        self.session.layout_entered.connect(self._fit_soon)
        self.refresh()

    def refresh(self) -> None:
        """Every section from the state of the session; called after whatever changed it."""
        for section in self._sections:
            section.refresh()
        if self.session.worker.busy and not self._timer.active:
            self._timer.start(POLL_MS)

    def enter(self) -> None:
        """The module is shown again."""
        self.session.where.come_back()

    def exit(self) -> None:
        """Another module takes over."""
        self.session.where.go_away()

    def cleanup(self) -> None:
        """The module is reloaded, or the application ends."""
        for tag in self._observers:
            self._scene.RemoveObserver(tag)
        self._observers = []
        self._stop_watching()
        self._stop_watching_layout()
        self._timer.stop()
        self._run.stop()
        self._send.stop()
        self.assessment.stop()
        self.session.stop()

    def _poll(self) -> None:
        self.session.worker.poll()
        self._run.tick()
        if not self.session.worker.busy:
            self._timer.stop()

    def _fit_soon(self) -> None:
        """New views get their size when the pending events are done."""
        qt.QTimer.singleShot(0, self._fit)

    def _fit(self) -> None:
        if self.session.layout.is_on:
            self.session.layout.fit()

    def _observe_scene(self) -> list[int]:
        events = (
            (slicer.vtkMRMLScene.StartCloseEvent, self._close),
            (slicer.vtkMRMLScene.EndCloseEvent, self._adopt),
            (slicer.vtkMRMLScene.EndImportEvent, self._adopt),
            (slicer.vtkMRMLScene.NodeRemovedEvent, self._node_left),
        )
        return [self._scene.AddObserver(event, act) for event, act in events]

    def _close(self, _caller: Any, _event: str) -> None:
        self.session.leave_scene()

    def _adopt(self, _caller: Any, _event: str) -> None:
        self.session.adopt_scene()

    def _node_left(self, _caller: Any, _event: str) -> None:
        if not self._scene.IsClosing():
            self.session.notice_removal()
