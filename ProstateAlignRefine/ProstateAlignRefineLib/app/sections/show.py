"""What is drawn over the images: lesions, edits, heatmap with its legend; and the key that hides all of it."""

from __future__ import annotations

import numpy as np

from ...core.palette import heat
from ...scene.windows import window_of
from .. import readiness
from ..binding import Coalesced, put, shortcut
from ..session import Session
from ..widgets import PanelWidgets, Widget

HIDE_KEY = "Shift+A"
LEGEND_STOPS = 12


class ShowSection:
    def __init__(self, ui: PanelWidgets, session: Session, parent: Widget) -> None:
        self._ui, self._session = ui, session
        self._apply = Coalesced(session.show_as_set)
        for box in (ui.aiCheck, ui.outlineCheck, ui.editsCheck, ui.surfaceCheck, ui.glandCheck, ui.heatmapCheck):
            box.toggled.connect(self._change)
        for slider in (ui.opacitySlider, ui.thresholdSlider):
            slider.valueChanged.connect(self._change)
        self._key = shortcut(HIDE_KEY, parent, self._hide_or_show)
        ui.legendBar.styleSheet = _gradient()

    def refresh(self) -> None:
        ui, state, session = self._ui, self._session.state, self._session
        possible = readiness.to_adjust(session).possible
        for box, value in (
            (ui.aiCheck, state.show_ai),
            (ui.outlineCheck, state.outline),
            (ui.editsCheck, state.edits),
            (ui.surfaceCheck, state.surface),
            (ui.heatmapCheck, state.heatmap),
        ):
            box.enabled = possible
            put(box, "checked", value)
        reading = session.reading
        ui.glandCheck.enabled = possible and reading is not None and reading.nodes.has_gland
        put(ui.glandCheck, "checked", state.show_gland)
        for slider, number in (
            (ui.opacitySlider, state.heatmap_opacity),
            (ui.thresholdSlider, state.heatmap_threshold),
        ):
            slider.enabled = possible and state.heatmap
            put(slider, "value", number)
        scale = window_of(reading.nodes.maps.similarity) if reading is not None and reading.alive else None
        ui.legendLow.text = f"{scale[0]:.2f}" if scale else ""
        ui.legendHigh.text = f"{scale[1]:.2f}" if scale else ""
        ui.legendBar.visible = scale is not None

    def _change(self) -> None:
        ui, state = self._ui, self._session.state
        state.show_ai = ui.aiCheck.checked
        state.outline = ui.outlineCheck.checked
        state.edits = ui.editsCheck.checked
        state.surface = ui.surfaceCheck.checked
        state.show_gland = ui.glandCheck.checked
        state.heatmap = ui.heatmapCheck.checked
        state.heatmap_opacity = float(ui.opacitySlider.value)
        state.heatmap_threshold = float(ui.thresholdSlider.value)
        for slider in (ui.opacitySlider, ui.thresholdSlider):
            slider.enabled = state.heatmap
        self._apply()

    def _hide_or_show(self) -> None:
        self._ui.aiCheck.checked = not self._ui.aiCheck.checked


def _gradient() -> str:
    """The heatmap's colours as a style sheet: a pixmap would need an image library."""
    places = np.linspace(0, 1, LEGEND_STOPS)
    colours = heat(places, 0, 1)
    stops = ", ".join(f"stop:{place:.3f} rgb({r}, {g}, {b})" for place, (r, g, b) in zip(places, colours, strict=True))
    return f"background: qlineargradient(x1:0, y1:0, x2:1, y2:0, {stops});"
