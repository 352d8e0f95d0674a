"""How long a run will take: as long as the last one of its kind took on this machine."""

from __future__ import annotations

from .application import Application

KEPT = "seconds"  # a setting of the user, for each kind of run


class Expectation:
    """Kinds of runs are told apart by model, device, and whether the worker was running before."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def seconds(self, model: str, device: str, warm: bool) -> float | None:
        """From the click to the result; None where no such run has been seen."""
        kept = self._application.setting(_name(model, device, warm))
        try:
            seconds = float(kept)
        except ValueError:
            return None
        return seconds if seconds > 0 else None

    def learn(self, model: str, device: str, warm: bool, seconds: float) -> None:
        self._application.keep_setting(_name(model, device, warm), f"{seconds:.1f}")


def _name(model: str, device: str, warm: bool) -> str:
    return f"{KEPT}/{model[:12]}/{device or 'auto'}/{'warm' if warm else 'cold'}"
