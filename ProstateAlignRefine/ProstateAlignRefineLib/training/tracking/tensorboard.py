"""A run in TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import InputError
from ...evaluation.candidates import INSTALL
from .logger import Pictures, TrackedRun

FOLDER = "tensorboard"


class TensorBoardLogger:
    """Events in the run's folder."""

    def __init__(self, run: TrackedRun) -> None:
        """What an earlier process wrote of epochs yet to come is void. InputError without the package tensorboard."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError(f"Training logs need tensorboard; {INSTALL}") from error
        self._writer = SummaryWriter(str(run.folder / FOLDER), purge_step=run.first_epoch)

    def figures(self, epoch: int, values: Mapping[str, float]) -> None:
        """See `RunLogger`; written at once, so that a run can be watched."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def pictures(self, epoch: int, pictures: Pictures) -> None:
        for name, picture in pictures.items():
            self._writer.add_image(name, picture, epoch, dataformats="HWC")
        self._writer.flush()

    def close(self, finished: bool) -> None:
        self._writer.close()
