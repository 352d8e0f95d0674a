"""Where the user is: in our module, in the Segment Editor, or elsewhere; the layout goes by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..scene.editor import may_edit
from ..scene.layout import ReadingLayout
from ..scene.segmentation import segment_of_lesion
from ..scene.state import MODULE_NAME
from .application import SEGMENT_EDITOR, Application

if TYPE_CHECKING:
    from .session import Session


def layout_now(application: Application, before: ReadingLayout) -> ReadingLayout:
    """Of the scene that was opened; where one was added to a scene in the reading layout, that goes on, since it knows
    what the user had before."""
    if before.is_on:
        return before
    before.leave()
    return application.reading_layout()


class Whereabouts:
    """The reading layout is our module's: who leaves with it finds it on coming back, and has the own layout meanwhile;
    but in the Segment Editor, where the lesions are painted in it.

    `shown`: whether the user is in our module; `painting`: whether in the Segment Editor, in the reading layout.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.shown, self.painting = True, False
        self._left_reading = False

    def read_on(self) -> None:
        """Other volumes are chosen: a view never goes by the name of one and shows another."""
        if self._session.layout.is_on:
            self._session.read()
        else:
            self._session.changed.emit()

    def use_windows(self, preset: str) -> None:
        """Grey ranges of the three volumes, one of `results.windows.PRESETS`."""
        session, inputs = self._session, self._session.inputs
        if inputs is not None:
            session.guarded(lambda: session.layout.use_windows(inputs, preset))

    def paint(self, number: int) -> None:
        """Slicer's Segment Editor on a lesion, in the reading layout and at the lesion."""
        session, reading = self._session, self._session.reading
        if reading is None or not reading.alive:
            return
        session.guarded(reading.collect_voxel_edits)
        session.read()
        self.painting = True
        nodes, t2w = reading.nodes, reading.inputs.t2w
        segment = segment_of_lesion(nodes.lesions, number)
        session.guarded(lambda: session.application.open_segment_editor(nodes.lesions, segment, t2w))
        session.read()  # the editor has put its source volume into every view
        session.jump(number)

    def come_back(self) -> None:
        """The module is shown again: voxels may have been edited meanwhile, and other volumes put into the views."""
        self.shown, self.painting = True, False
        self._session.review.collect_voxel_edits()
        if self._left_reading:
            self._session.read()

    def go_away(self) -> None:
        """Another module takes over; `notice_module` may tell which, before or afterwards."""
        self.shown, self._left_reading = False, self._session.layout.is_on
        if not self.painting:
            self._session.leave_layout()

    def notice_module(self, name: str) -> None:
        """The user has selected it, from wherever."""
        if name == SEGMENT_EDITOR:
            self._begin_to_paint()
        elif self.painting and name != MODULE_NAME:
            self.painting = False
            self._session.leave_layout()

    def forget(self) -> None:
        """The scene closes."""
        self.painting, self._left_reading = False, False

    def _begin_to_paint(self) -> None:
        session, reading = self._session, self._session.reading
        reads = session.layout.is_on if self.shown else self._left_reading
        if self.painting or not reads or reading is None or not reading.alive:
            return
        if may_edit(session.application.scene, reading.nodes):
            self.painting = True
            if not session.layout.is_on:
                session.read()
