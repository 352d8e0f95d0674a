"""Small bridges between widgets and values. Properties are set as attributes, as PythonQt wants it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import qt

from .readiness import Ready
from .widgets import Widget

LONGEST_WORD, ZERO_WIDTH_SPACE = 30, "\u200b"
DOES = "does"  # a property of a button: the tool tip that its .ui gives it


def allow(button: Widget, ready: Ready) -> None:
    """Enabled or not; its tool tip is the reason, else what the button itself says it does."""
    if button.property(DOES) is None:
        button.setProperty(DOES, button.toolTip)
    button.enabled = ready.possible
    button.toolTip = ready.why or str(button.property(DOES))


def breakable(text: str) -> str:
    """With places to wrap a line within words of more than `LONGEST_WORD` signs: a series' name holds no panel wide."""
    return re.sub(rf"(?<=\w{{{LONGEST_WORD}}})(?=\w)", ZERO_WIDTH_SPACE, text)


def put(widget: Widget, name: str, value: Any) -> None:
    """Sets a property without the widget's signals, and only where it differs: a caret stays where it is."""
    if getattr(widget, name) != value:
        blocked = widget.blockSignals(True)
        setattr(widget, name, value)
        widget.blockSignals(blocked)


def shortcut(keys: str, parent: Widget, act: Callable[[], None]) -> Any:
    """Keys that work wherever the panel is shown, but for letters typed into text. Hold on to what is returned."""
    made = qt.QShortcut(qt.QKeySequence(keys), parent)
    made.activated.connect(act)
    return made


class Coalesced:
    """Many calls, one act: it runs once, with the last arguments, when the pending events are done."""

    def __init__(self, act: Callable[..., None]) -> None:
        self._act = act
        self._arguments: tuple[Any, ...] | None = None
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)

    def __call__(self, *arguments: Any) -> None:
        self._arguments = arguments
        self._timer.start(0)

    def flush(self) -> None:
        """Runs what is pending at once."""
        arguments, self._arguments = self._arguments, None
        if arguments is not None:
            self._act(*arguments)

    def drop(self) -> None:
        self._arguments = None
