"""What the reader does to the result: gate, sensitivity, decisions, scores; most of it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.assessment import Assessment
from ..core.psa import read_psa
from ..results.review import Decision
from ..scene.display import show_surface
from ..scene.reading import Reading

if TYPE_CHECKING:
    from .session import Session


class Reviewing:
    """Acts on the session's result, and does nothing where there is none; what goes wrong becomes its message."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def preview(self, tau: float, alpha: float) -> None:
        """One tick of a slider."""
        reading = self._session.reading
        if reading is not None:
            counts = self._session.guarded(lambda: reading.preview(tau, alpha))
            if counts is not None:
                self._session.ticked.emit(counts)

    def commit(self, tau: float, alpha: float) -> None:
        """A slider was let go, or a value typed."""
        self._act(lambda reading: reading.set_gate(tau, alpha))

    def reset_gate(self) -> None:
        self._act(lambda reading: reading.set_gate(*reading.run.own_setting.gate))

    def set_sensitivity(self, false_positives: float) -> None:
        self._act(lambda reading: reading.set_sensitivity(false_positives))

    def decide(self, number: int, decision: Decision) -> None:
        self._act(lambda reading: reading.decide(number, decision))

    def assess(self, number: int, assessment: Assessment) -> None:
        self._act(lambda reading: reading.assess(number, assessment))

    def undo(self) -> None:
        self._act(lambda reading: reading.undo())

    def redo(self) -> None:
        self._act(lambda reading: reading.redo())

    def type_psa(self, text: str) -> None:
        """The PSA (ng/mL) of the patient whose result this is; empty takes it back. It stays with the result."""
        self._session.message = ""
        self._act(lambda reading: reading.note_psa(read_psa(text)))

    def collect_voxel_edits(self) -> None:
        """What the user painted in other modules becomes part of the result."""
        self._act(lambda reading: reading.collect_voxel_edits())

    def _act(self, act: Callable[[Reading], object]) -> None:
        session, reading = self._session, self._session.reading
        if reading is not None:
            session.guarded(lambda: act(reading))
            if reading.alive:
                reading.store(session.state)
                session.guarded(lambda: show_surface(reading.nodes, session.state.surface))
            session.changed.emit()
