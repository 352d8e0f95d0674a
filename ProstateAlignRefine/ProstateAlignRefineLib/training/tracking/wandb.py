"""A run for Weights & Biases, written offline in the run's folder: `wandb sync` uploads it, if its user wants that."""

from __future__ import annotations

import os
from collections.abc import Mapping

os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # nothing leaves the machine unasked

import wandb

from .logger import Pictures, TrackedRun

PROJECT = "prostate-align-refine"


class WandbLogger:
    """One offline run; a run that goes on writes a second folder with the same identity, which the upload joins."""

    def __init__(self, run: TrackedRun) -> None:
        settings = wandb.Settings(
            mode="offline",
            silent=True,
            console="off",
            save_code=False,
            disable_code=True,
            disable_git=True,
            # Neither the machine's name nor its paths belong to a run.
            x_disable_meta=True,
            x_disable_stats=True,
            x_disable_machine_info=True,
        )
        self._run = wandb.init(
            project=PROJECT,
            name=run.name,
            id=run.identity,
            resume="allow",
            dir=run.folder,
            config=run.settings,
            settings=settings,
        )

    def figures(self, epoch: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=epoch)

    def pictures(self, epoch: int, pictures: Pictures) -> None:
        self._run.log({name: wandb.Image(picture) for name, picture in pictures.items()}, step=epoch)

    def close(self, finished: bool) -> None:
        """See `RunLogger`; a stopped run is marked as failed."""
        self._run.finish(exit_code=0 if finished else 1)
