"""Which Python the worker runs in: the application's, or one of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .launch import Launch, launch_with

if TYPE_CHECKING:
    from .session import Session

PYTHON = "python"  # a setting of the user, kept between sessions


class WorkerPython:
    """Another one, or other packages in it, and the worker starts afresh."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def program(self) -> str:
        """Path of the user's own; empty for the application's."""
        return self._session.application.setting(PYTHON)

    def choose(self, program: str) -> None:
        """Its path; empty: the application's own."""
        if program != self.program:
            self._session.application.keep_setting(PYTHON, program)
            self.restart()

    def restart(self) -> None:
        """A run under way is cancelled; the next request starts the worker."""
        self._session.cancel()
        self._session.worker.stop()
        self._session.device.forget()
        self._session.changed.emit()

    def launch(self) -> Launch:
        """How the worker is started."""
        return launch_with(self.program, self._session.application.outside_environment())
