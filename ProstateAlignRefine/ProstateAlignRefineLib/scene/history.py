"""Undo and redo: every user action leaves one step that knows the state before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from ..results.review import Decision

State = TypeVar("State")

MOST_STEPS = 100


class ActionKind(Enum):
    """What can be undone; values are stored in the scene."""

    MOVE_GATE = "move the gate"
    MOVE_SENSITIVITY = "move the sensitivity"
    EDIT_VOXELS = "edit voxels"
    ACCEPT = "accept"
    REJECT = "reject"
    REOPEN = "reopen"
    ASSESS = "assess"


@dataclass(frozen=True)
class Action:
    """What the user did; `lesion`: its number, where the action is one on a lesion."""

    kind: ActionKind
    lesion: int | None = None


def deciding(decision: Decision, lesion: int) -> Action:
    """The user's decision on a lesion."""
    kinds = {Decision.ACCEPTED: ActionKind.ACCEPT, Decision.REJECTED: ActionKind.REJECT}
    return Action(kinds.get(decision, ActionKind.REOPEN), lesion)


@dataclass(frozen=True)
class Step(Generic[State]):
    """One user action, and the state on both sides of it."""

    action: Action
    before: State
    after: State


class History(Generic[State]):
    """The steps taken, and how many of them stand. A new step forgets those that were undone."""

    def __init__(self) -> None:
        self._steps: list[Step[State]] = []
        self._done = 0

    @property
    def undoable(self) -> Step[State] | None:
        return self._steps[self._done - 1] if self._done else None

    @property
    def redoable(self) -> Step[State] | None:
        return self._steps[self._done] if self._done < len(self._steps) else None

    def push(self, step: Step[State]) -> None:
        """What was undone before can then not be redone; beyond `MOST_STEPS` the oldest go."""
        self._steps = [*self._steps[: self._done], step][-MOST_STEPS:]
        self._done = len(self._steps)

    def undo(self) -> State | None:
        """The state to go back to, or None where there is nothing to undo."""
        step = self.undoable
        if step is None:
            return None
        self._done -= 1
        return step.before

    def redo(self) -> State | None:
        """The state after the step that was undone last; None where none was."""
        step = self.redoable
        if step is None:
            return None
        self._done += 1
        return step.after
