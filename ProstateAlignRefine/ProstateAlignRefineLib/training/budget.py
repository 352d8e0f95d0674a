"""A run that fits the time there is: epochs counted from how long steps take on this machine."""

from __future__ import annotations

import time
from dataclasses import replace

from ..core.errors import InputError
from .checkpoint import stored_config
from .config import TrainingConfig
from .loading import epoch_steps
from .schedule import Phase
from .steps import ScheduledStep
from .trainer import Trainer

SETTLING_STEPS, LEAST_STEPS, MEASURED_S = 3, 3, 20.0
RESERVED = 0.2
"""Of the time that is left: for the validations, the test cases and the bundle."""


def fitted(trainer: Trainer, seconds: float) -> TrainingConfig:
    """The trainer's configuration with as many joint epochs as `seconds` hold; those of the run in its folder, if there
    is one, so that it goes on as it began.

    InputError where not one fits. The trainer's network is changed by the measuring: make another for the run.
    """
    begun = stored_config(trainer.folder)
    if begun is not None:
        return _with_epochs(trainer.config, int(begun["schedule"]["joint_epochs"]))
    left = time.perf_counter() + seconds
    step = seconds_a_step(trainer)
    return _with_epochs(trainer.config, joint_epochs(trainer.config, left - time.perf_counter(), step))


def joint_epochs(config: TrainingConfig, seconds: float, step: float) -> int:
    """How many fit into `seconds` beside the refiner's epochs, at `step` seconds each step."""
    schedule = config.schedule
    epochs = int((1 - RESERVED) * seconds / (step * schedule.iterations)) - schedule.refiner_epochs
    if epochs < max(schedule.whole_region_epochs, 1):
        raise InputError(
            f"A step takes {step:.2g} s here, so that no run fits into the time left ({max(seconds, 0) / 60:.1f} min); "
            "give more --minutes, or fewer iterations or refiner_epochs."
        )
    return epochs


def seconds_a_step(trainer: Trainer) -> float:
    """Mean of the steps of `MEASURED_S` seconds, or of an epoch, after the first ones: there kernels are chosen, and
    workers have two batches each ready."""
    times: list[float] = []
    config, text = trainer.config, 0.0 if trainer.parts.text else None
    trainer.network.train()
    batches = epoch_steps(config, trainer.cases.training, 0, trainer.processes, trainer.workers)
    for number, forwards in enumerate(batches):
        scheduled = ScheduledStep(0, number, Phase.SEGMENTATION, text, joined=True)
        trainer.stepper.step(trainer.network, trainer.optimizer, forwards, scheduled)
        times.append(time.perf_counter())
        measured = times[SETTLING_STEPS + 2 * trainer.workers :]
        if len(measured) > LEAST_STEPS and measured[-1] - measured[0] >= MEASURED_S:
            break
    first = min(SETTLING_STEPS + 2 * trainer.workers, len(times) - 2)
    if first < 0:
        raise InputError("Steps are timed over two at least; give schedule.iterations 2 or more, or no --minutes.")
    return (times[-1] - times[first]) / (len(times) - 1 - first)


def _with_epochs(config: TrainingConfig, epochs: int) -> TrainingConfig:
    return replace(config, schedule=replace(config.schedule, joint_epochs=epochs))
