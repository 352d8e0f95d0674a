"""A signal in plain Python: Qt signals declared in Python are not safe in Slicer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

Arguments = ParamSpec("Arguments")


class Signal(Generic[Arguments]):
    """Calls its listeners in the order they were connected."""

    def __init__(self) -> None:
        self._listeners: list[Callable[Arguments, object]] = []

    def connect(self, listener: Callable[Arguments, object]) -> None:
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[Arguments, object]) -> None:
        self._listeners.remove(listener)

    def emit(self, *arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        """Errors of a listener reach the caller; those after it are then not called."""
        # A copy: a listener may disconnect while the signal runs.
        for listener in list(self._listeners):
            listener(*arguments, **named)
