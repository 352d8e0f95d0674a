"""Which model's weights a run may start from."""

from __future__ import annotations

from pathlib import Path

from ..bundle.config import ModelConfig
from ..bundle.opening import read_settled_config
from ..bundle.summary import identity_of
from ..core.errors import InputError
from .provenance import Start
from .unseen import trained_on

MINED_NAME = "mined.json"
"""In a run's folder: see `training.mining`."""


def require_unseen_tests(tested: frozenset[str], start: ModelConfig) -> None:
    """InputError where the model was trained on test cases of the run that would start from it. `tested`: their marks,
    see `unseen`."""
    seen = len(tested & trained_on(start))
    if seen:
        raise InputError(
            f"{seen} of the {len(tested)} test cases are cases that the model '{start.name}', from which the run would "
            "start, was trained on, so that their figures would flatter; set data.test_fold to the fold that it was "
            "tested on, or start from another model."
        )


def require_miner(start: Path | None, folder: Path) -> None:
    """InputError where false findings are wanted and neither the run's start nor what it has mined is there."""
    if start is None and not (folder / MINED_NAME).is_file():
        raise InputError(
            "schedule.mined_share draws patches where a model marks what is no lesion; name that model, from whose "
            "weights the run then starts, with --from, or set the share to 0."
        )


def require_same_start(began: Start | None, initial: Path, run: Path) -> None:
    """InputError where a run that goes on began with other weights than those of the bundle `initial`."""
    if began is None or began.sha256 != identity_of(read_settled_config(initial)):
        weights = f"the weights of '{began.name}'" if began else "random weights"
        raise InputError(
            f"The run in '{run.name}' began with {weights}, not with those of '{initial.name}'; leave out --from to go "
            "on with it, or name another output folder."
        )
