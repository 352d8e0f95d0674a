"""Where the user is: in our module, in the Segment Editor that it opened, or elsewhere; the layout goes by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..scene.segmentation import segment_of_lesion
from ..scene.state import MODULE_NAME
from .application import SEGMENT_EDITOR

if TYPE_CHECKING:
    from .session import Session


class Whereabouts:
    """`shown`: whether the user is in the module; `painting`: whether it was left for the Segment Editor, which
    keeps the reading layout."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.shown, self.painting = True, False

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
        session.jump(number)

    def come_back(self) -> None:
        """The module is shown again: voxels may have been edited meanwhile, and other volumes put into the views."""
        self.shown = True
        self._session.review.collect_voxel_edits()
        was_painting, self.painting = self.painting, False
        if was_painting and self._session.layout.is_on:
            self._session.read()

    def go_away(self) -> None:
        """Another module takes over: the user's own layout comes back, but while painting."""
        self.shown = False
        if not self.painting:
            self._session.leave_layout()

    def notice_module(self, name: str) -> None:
        """Left for painting, our module hears no more of where the user goes: beyond the Segment Editor the user's own
        layout comes back."""
        if self.painting and name not in (SEGMENT_EDITOR, MODULE_NAME):
            self.painting = False
            self._session.leave_layout()
