"""The sector map as Qt draws it: the lesions' sectors marked, each sector one click."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import qt

from ...core.palette import LESION_RGB
from ...core.sector_map import HEIGHT, WIDTH, captions, sector_shapes
from ...core.sectors import Sector
from ...results.sector_picture import LINE, ZONE_FILLS

SCALE = 0.92  # the whole map within a panel of 416 pixels
CHOSEN_PEN, PEN = 2.4, 0.7
INK, TEXT_SCALE = "#404040", 0.75


class SectorView:
    """`clicked` is told which sector was clicked."""

    def __init__(self, view: Any, clicked: Callable[[Sector], None]) -> None:
        self._clicked = clicked
        self._scene = qt.QGraphicsScene()
        self._scene.setSceneRect(0.0, 0.0, WIDTH, HEIGHT)
        self._scene.setBackgroundBrush(qt.QBrush(qt.QColor("#ffffff")))
        self._areas = [(shape, self._area(shape)) for shape in sector_shapes()]
        self._marks = [self._text("#ffffff") for _area in self._areas]
        names = [(name, (x, HEIGHT - 9)) for name, x in captions()]
        for name, centre in (*names, ("R", (106.0, 8.0)), ("L", (394.0, 8.0))):
            _write(self._text(INK), name, centre)
        view.setScene(self._scene)
        view.scale(SCALE, SCALE)
        self._scene.selectionChanged.connect(self._select)
        self._listens = True

    def show(self, marked: Mapping[Sector, Sequence[int]], chosen: Collection[Sector]) -> None:
        """`marked`: numbers of the lesions by sector; `chosen`: the sectors of the one at hand."""
        for (shape, area), mark in zip(self._areas, self._marks, strict=True):
            numbers = marked.get(shape.sector, ())
            colour = "#{:02x}{:02x}{:02x}".format(*LESION_RGB) if numbers else ZONE_FILLS[shape.sector.name[:2]]
            area.setBrush(qt.QBrush(qt.QColor(colour)))
            area.setPen(_pen(CHOSEN_PEN if shape.sector in chosen else PEN))
            _write(mark, ",".join(map(str, numbers)), shape.centre)

    def stop(self) -> None:
        """The panel goes: a scene that is taken down sends signals, too."""
        if self._listens:
            self._listens = False
            self._scene.selectionChanged.disconnect(self._select)

    def _area(self, shape: Any) -> Any:
        path = qt.QPainterPath()
        path.moveTo(*shape.outline[0])
        for x, y in shape.outline[1:]:
            path.lineTo(x, y)
        path.closeSubpath()
        area = self._scene.addPath(path, _pen(PEN), qt.QBrush(qt.QColor("#ffffff")))
        area.setFlag(qt.QGraphicsItem.ItemIsSelectable, True)
        area.setToolTip(shape.sector.text)
        return area

    def _text(self, colour: str) -> Any:
        """Empty; clicks go through it."""
        item = self._scene.addSimpleText("")
        item.setBrush(qt.QBrush(qt.QColor(colour)))
        item.setScale(TEXT_SCALE)
        item.setAcceptedMouseButtons(qt.Qt.NoButton)
        return item

    def _select(self) -> None:
        """Pressing the mouse selects a sector; so does letting it go, which is the same click."""
        pressed = qt.QApplication.mouseButtons() != qt.Qt.NoButton
        for shape, area in self._areas:
            if area.isSelected():
                area.setSelected(False)
                if pressed:
                    self._clicked(shape.sector)
                return


def _write(item: Any, text: str, centre: tuple[float, float]) -> None:
    item.setText(text)
    box = item.boundingRect()
    item.setPos(centre[0] - TEXT_SCALE / 2 * box.width(), centre[1] - TEXT_SCALE / 2 * box.height())


def _pen(width: float) -> Any:
    pen = qt.QPen(qt.QColor(LINE if width == PEN else "#000000"))
    pen.setWidthF(width)
    return pen
