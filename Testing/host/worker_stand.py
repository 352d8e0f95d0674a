"""A stand to run a worker on: the fake one, a listener for its signals, and a poll loop in place of the timer."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


@dataclass(frozen=True)
class FakeLaunch:
    behaviour: str
    environment: dict

    def command(self, folder):
        return [sys.executable, str(FAKE_WORKER), self.behaviour, str(folder)]


def fake_launch(behaviour):
    return lambda: FakeLaunch(behaviour, dict(os.environ))


class Listener:
    """Remembers what a worker's signals brought."""

    def __init__(self, worker):
        self.events = []
        for name in ("described", "progressed", "finished", "failed"):
            getattr(worker, name).connect(self.events.append)
        worker.cancelled.connect(lambda: self.events.append("cancelled"))

    @property
    def last(self):
        return self.events[-1] if self.events else None

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def run_until(worker, done, seconds=20.0):
    """Polls as the panel's timer does."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "nothing came of it in time"
        worker.poll()
        time.sleep(0.01)


def run_to_end(worker, seconds=20.0):
    run_until(worker, lambda: not worker.busy, seconds)
