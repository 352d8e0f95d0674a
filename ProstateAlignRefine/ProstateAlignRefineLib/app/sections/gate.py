"""The gate and the sensitivity: tau, alpha and candidates, with live counts, reset, undo and redo."""

from __future__ import annotations

from ...core.palette import ADDED_RGB, CANDIDATE_RGB, REMOVED_RGB
from ...scene.live import Counts
from .. import readiness
from ..binding import Coalesced, allow, put
from ..i18n import _
from ..readiness import Ready
from ..session import Session
from ..widgets import PanelWidgets


class GateSection:
    """Mask, edits and counts follow a dragged slider; lesions, tables and 3D when it is let go."""

    def __init__(self, ui: PanelWidgets, session: Session) -> None:
        self._ui, self._session = ui, session
        self._preview = Coalesced(session.review.preview)
        self._tau, self._alpha = session.state.tau, session.state.alpha
        ui.tauSlider.valueIsChanging.connect(self._drag_tau)
        ui.tauSlider.valueChanged.connect(self._release_tau)
        ui.alphaSlider.valueIsChanging.connect(self._drag_alpha)
        ui.alphaSlider.valueChanged.connect(self._release_alpha)
        ui.resetButton.clicked.connect(self._reset)
        ui.undoButton.clicked.connect(self._undo)
        ui.redoButton.clicked.connect(self._redo)
        ui.sensitivitySlider.valueChanged.connect(session.review.set_sensitivity)
        session.ticked.connect(self.show_counts)

    def refresh(self) -> None:
        session, ui = self._session, self._ui
        ready, reading = readiness.to_adjust(session), session.reading
        self._tau, self._alpha = self._gate()
        for slider, value in ((ui.tauSlider, self._tau), (ui.alphaSlider, self._alpha)):
            slider.enabled = ready.possible
            put(slider, "value", value)
        self._show_sensitivity(ready.possible)
        allow(ui.resetButton, _to_reset(session))
        allow(ui.undoButton, readiness.to_undo(session))
        allow(ui.redoButton, readiness.to_redo(session))
        if reading is not None and ready.possible:
            self.show_counts(reading.counts)
        else:
            ui.countsLabel.text = ready.why
            ui.editsLegend.text = ""

    def _gate(self) -> tuple[float, float]:
        """The result's; before there is one the model's, which the first run will have."""
        session = self._session
        if session.reading is not None:
            return session.reading.setting.gate
        facts = session.bundle.facts if session.bundle else None
        return (facts.tau, facts.alpha) if facts else (session.state.tau, session.state.alpha)

    def _show_sensitivity(self, possible: bool) -> None:
        """How many candidates are shown, in false positives a study, as far as the model's rule was measured."""
        ui, reading = self._ui, self._session.shown
        rule = reading.run.finding_rule if reading else None
        ui.sensitivitySlider.enabled = possible and rule is not None
        ui.sensitivityLabel.text = "" if reading is None else _("This model and prompt tell no candidates.")
        if reading is None or rule is None:
            put(ui.sensitivitySlider, "value", 0.0)
            return
        put(ui.sensitivitySlider, "maximum", rule.froc[-1].false_positives)  # which may move the value
        rate = reading.setting.false_positives
        put(ui.sensitivitySlider, "value", rate)
        point = rule.expected(rule.shown_from(rate))
        ui.sensitivityLabel.text = _(
            "{square} Expected at this setting: {rate:.2f} false positives a study, {share:.0%} of lesions found"
        ).format(square=_square(CANDIDATE_RGB), rate=point.false_positives, share=point.sensitivity)

    def show_counts(self, counts: Counts) -> None:
        """While a slider moves: volume of the lesions, and what the refiner adds and removes."""
        self._ui.countsLabel.text = _("Lesions {ml:.2f} mL ({voxels} voxels)").format(
            ml=counts.mask_ml, voxels=counts.mask
        )
        self._ui.editsLegend.text = _(
            "{green} added {added} voxels, {added_ml:.2f} mL · {blue} removed {removed} voxels, {removed_ml:.2f} mL"
        ).format(
            green=_square(ADDED_RGB),
            added=counts.added,
            added_ml=counts.added_ml,
            blue=_square(REMOVED_RGB),
            removed=counts.removed,
            removed_ml=counts.removed_ml,
        )

    def _drag_tau(self, value: float) -> None:
        self._tau = value
        self._preview(self._tau, self._alpha)

    def _drag_alpha(self, value: float) -> None:
        self._alpha = value
        self._preview(self._tau, self._alpha)

    def _release_tau(self, value: float) -> None:
        self._commit(value, self._alpha)

    def _release_alpha(self, value: float) -> None:
        self._commit(self._tau, value)

    def _commit(self, tau: float, alpha: float) -> None:
        self._preview.drop()
        self._session.review.commit(tau, alpha)

    def _reset(self) -> None:
        self._session.review.reset_gate()

    def _undo(self) -> None:
        self._session.review.undo()

    def _redo(self) -> None:
        self._session.review.redo()


def _to_reset(session: Session) -> Ready:
    ready, reading = readiness.to_adjust(session), session.reading
    if not ready.possible or reading is None:
        return ready
    own = reading.run.own_setting
    if reading.setting.gate == own.gate:
        return Ready(False, _("These are the model's own values."))
    return Ready(True, _("Back to tau {tau:.2f} and alpha {alpha:.2f}.").format(tau=own.tau, alpha=own.alpha))


def _square(rgb: tuple[int, int, int]) -> str:
    return '<span style="color:#{:02x}{:02x}{:02x}">■</span>'.format(*rgb)
