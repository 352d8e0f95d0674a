"""How far a run is, told from its stages: for the progress bars of command line and panel alike."""

from __future__ import annotations

from collections.abc import Mapping

# A rough share of the whole run for each stage in turn, in percent: how long one takes depends on the machine.
STAGE_PERCENT: Mapping[str, int] = {"read": 8, "load": 7, "preprocess": 8, "network": 55, "maps": 7, "write": 15}


def percent_at_end(stage: str, done: int, whole: int) -> float | None:
    """As `percent_done`, when the next step will be behind: so far a bar may go by the clock alone."""
    return percent_done(stage, min(done + 1, whole), whole)


def percent_done(stage: str, done: int, whole: int) -> float | None:
    """0 to 100, where `done` of `whole` steps of the stage are behind; None for a stage that is none of these."""
    if stage not in STAGE_PERCENT:
        return None
    names = list(STAGE_PERCENT)
    before = sum(STAGE_PERCENT[name] for name in names[: names.index(stage)])
    return before + STAGE_PERCENT[stage] * done / max(whole, 1)
