"""The progress bar of a run: named stages, one line."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

# Rough share of the whole run, in percent; the network takes most of it.
SHARES: Mapping[str, int] = {"read": 8, "load": 7, "preprocess": 8, "network": 55, "maps": 7, "write": 15}


class StageBar:
    """A bar from 0 to 100 % on standard error whose label names the stage."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=sum(SHARES.values()), bar_format="{desc:<12} {percentage:3.0f}% |{bar:30}| {elapsed}")

    def __enter__(self) -> StageBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.__call__("done", 0, 1)
        self._bar.close()

    def __call__(self, stage: str, done: int, whole: int) -> None:
        self._bar.set_description_str(stage, refresh=False)
        if stage in SHARES:
            names = list(SHARES)
            before = sum(SHARES[name] for name in names[: names.index(stage)])
            self._bar.n = before + SHARES[stage] * done / max(whole, 1)
        elif stage == "done":
            self._bar.n = self._bar.total
        self._bar.refresh()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._bar.write(line)
