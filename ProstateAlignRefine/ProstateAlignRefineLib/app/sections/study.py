"""Which volumes are read, and why; the reading layout."""

from __future__ import annotations

from collections.abc import Callable

from ...core.study import Modality
from .. import readiness
from ..binding import allow, breakable, put, shortcut
from ..i18n import _
from ..session import Session
from ..widgets import PanelWidgets, Widget

LAYOUT_KEY = "Shift+L"
# Names of `results.windows.PRESETS`.
WINDOWS = (("standard", _("standard windows")), ("narrow", _("narrow windows")))


class StudySection:
    def __init__(self, ui: PanelWidgets, session: Session, parent: Widget) -> None:
        self._ui, self._session = ui, session
        self._key = shortcut(LAYOUT_KEY, parent, self._switch_layout)
        session.opened.connect(self._fold)
        session.found.connect(self._fold)
        self._selectors = {Modality.T2W: ui.t2wSelector, Modality.ADC: ui.adcSelector, Modality.HBV: ui.hbvSelector}
        self._reasons = {Modality.T2W: ui.t2wReason, Modality.ADC: ui.adcReason, Modality.HBV: ui.hbvReason}
        for modality, selector in self._selectors.items():
            selector.setMRMLScene(session.application.scene)
            # Only what the user does: when its node is removed, a selector goes on to another one by itself.
            selector.nodeActivated.connect(self._chooser(modality))
        ui.openButton.clicked.connect(self._open)
        ui.matchButton.clicked.connect(self._match)
        ui.layoutButton.clicked.connect(self._toggle_layout)
        for _preset, text in WINDOWS:
            ui.windowBox.addItem(text)
        ui.windowBox.currentIndexChanged.connect(self._use_windows)

    def refresh(self) -> None:
        state = self._session.state
        for modality, selector in self._selectors.items():
            node = getattr(state, modality.value)
            put(selector, "currentNodeID", node.GetID() if node is not None else "")
            self._reasons[modality].text = breakable(self._session.study.reasons.get(modality, ""))
            self._reasons[modality].visible = bool(self._reasons[modality].text)
            selector.enabled = not self._session.run.running
        chosen = self._session.inputs is not None
        self._ui.studySection.text = _("Study (chosen; open to change)") if chosen else _("Study")
        for button in (self._ui.openButton, self._ui.matchButton):
            allow(button, readiness.to_choose(self._session))
        allow(self._ui.layoutButton, readiness.to_read(self._session))
        self.show_layout()
        self._ui.windowBox.enabled = chosen
        put(self._ui.windowBox, "currentIndex", [name for name, _text in WINDOWS].index(self._session.layout.preset))

    def show_layout(self) -> None:
        """Whether the reading layout is on, whoever switched it."""
        put(self._ui.layoutButton, "checked", self._session.layout.is_on)

    def _fold(self) -> None:
        """What is chosen needs no room any more."""
        self._ui.studySection.collapsed = True

    def _switch_layout(self) -> None:
        if readiness.to_read(self._session).possible:
            self._toggle_layout()

    def _chooser(self, modality: Modality) -> Callable[[], None]:
        def choose() -> None:
            self._session.choose_input(modality, self._selectors[modality].currentNode())

        return choose

    def _open(self) -> None:
        folder = self._session.application.ask_folder(_("Study folder"))
        if folder is not None:
            self._session.open_study(folder)

    def _match(self) -> None:
        self._session.match_inputs()

    def _use_windows(self) -> None:
        self._session.where.use_windows(WINDOWS[self._ui.windowBox.currentIndex][0])

    def _toggle_layout(self) -> None:
        if self._session.layout.is_on:
            self._session.leave_layout()
        else:
            self._session.read()
