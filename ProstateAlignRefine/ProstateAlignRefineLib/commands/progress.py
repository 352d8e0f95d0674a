"""The progress bar of a run: named stages, one line."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from ..core.stages import percent_done

if TYPE_CHECKING:
    from tqdm import tqdm

LOGGER = logging.getLogger(__name__)


def show_loss(bar: tqdm[None], loss: float) -> None:
    """One step of a training, and how well it went."""
    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
    bar.update()


class StageBar:
    """A bar from 0 to 100 % on standard error whose label names the stage."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=100, bar_format="{desc:<12} {percentage:3.0f}% |{bar:30}| {elapsed}")
        self._stage, self._since = "", time.perf_counter()

    def __enter__(self) -> StageBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.__call__("done", 0, 1)
        self._bar.close()

    def __call__(self, stage: str, done: int, whole: int) -> None:
        if stage != self._stage:
            self._note(stage)
        self._bar.set_description_str(stage, refresh=False)
        percent = 100.0 if stage == "done" else percent_done(stage, done, whole)
        if percent is not None:
            self._bar.n = max(self._bar.n, percent)  # never back, in whatever order a command goes
        self._bar.refresh()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._bar.write(line, file=sys.stderr)

    def _note(self, stage: str) -> None:
        """The stage before is over: its seconds, for who asked for more words."""
        now = time.perf_counter()
        if self._stage:
            LOGGER.info("%s: %.2f s", self._stage, now - self._since)
        self._stage, self._since = stage, now
