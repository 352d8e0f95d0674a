"""A run tried out before it is begun: every case read, a few steps of every phase, what they cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

import torch

from .hardware import hardware, peak_bytes
from .loading import epoch_steps, reads_whole_regions
from .schedule import Phase
from .steps import ScheduledStep
from .trainer import Trainer
from .validate import validate
from .weights import freeze_unused, make_optimizer, parameter_groups

UNTIMED, TIMED = 1, 2  # steps of each kind; the first also pays for what is made once


@dataclass(frozen=True)
class StepCost:
    """Epochs of one kind: how many, seconds a step, and how many of them the step waited for its patches."""

    kind: str
    epochs: int
    seconds: float
    waiting: float


@dataclass(frozen=True)
class Rehearsal:
    """`case_seconds`: to validate one case, `validations` times all of them. `peak_bytes`: see `hardware`."""

    steps: tuple[StepCost, ...]
    iterations: int
    case_seconds: float
    validated: int
    hardware: str
    peak_bytes: int

    @property
    def hours(self) -> float:
        """Of the whole run, training and validation, at the pace of the rehearsal."""
        training = sum(kind.epochs * self.iterations * kind.seconds for kind in self.steps)
        return (training + self.validated * self.case_seconds) / 3600

    def __str__(self) -> str:
        rows = [
            f"{kind.kind}: {kind.epochs} epochs of {self.iterations} steps, {kind.seconds:.3g} s a step, "
            f"{kind.waiting:.3g} s of it waiting for patches"
            for kind in self.steps
        ]
        return "\n".join(
            [
                *rows,
                f"validation: {self.case_seconds:.3g} s a case, {self.validated} cases in all",
                f"memory: {self.peak_bytes / 2**30:.1f} GiB at most, measured on {self.hardware}",
                f"the whole run: {self.hours:.3g} hours on this computer, projected; the test cases come on top",
            ]
        )


def rehearse(trainer: Trainer) -> Rehearsal:
    """Changes the trainer's network, and writes nothing; InputError where a step or a case cannot be computed."""
    config = trainer.config
    schedule, joint = config.schedule, trainer.phases.joint_epochs
    auxiliary = Phase.AUXILIARY if trainer.parts.text else Phase.SEGMENTATION
    whole = sum(reads_whole_regions(config, epoch) for epoch in range(joint))
    kinds = [("patches", joint - whole, auxiliary, 0), ("whole regions", whole, auxiliary, joint - 1)]
    kinds.append(("refiner", trainer.phases.refiner_epochs, Phase.REFINER, joint))
    steps = tuple(_step_cost(trainer, *kind) for kind in kinds if kind[1])
    case_seconds = _case_seconds(trainer)
    validations = sum(not (epoch + 1) % schedule.validate_every for epoch in range(trainer.phases.epochs))
    return Rehearsal(
        steps,
        schedule.iterations,
        case_seconds / trainer.processes.count,
        validations * len(trainer.cases.validation),
        hardware(trainer.compute, trainer.processes.count),
        peak_bytes(trainer.compute),
    )


def _step_cost(trainer: Trainer, kind: str, epochs: int, phase: Phase, epoch: int) -> StepCost:
    """Of steps of epoch number `epoch`."""
    config, network = trainer.config, trainer.network
    optimizer = make_optimizer(parameter_groups(network, phase, config.optimizer), config.optimizer)
    freeze_unused(network, phase)
    network.train()
    batches = epoch_steps(config, trainer.cases.training, epoch, trainer.processes, trainer.workers)
    joined = not reads_whole_regions(config, epoch)
    times: list[tuple[float, float]] = []
    began = time.perf_counter()
    for number, forwards in enumerate(islice(batches, UNTIMED + TIMED)):
        loaded = time.perf_counter()
        scheduled = ScheduledStep(epoch, number, phase, 1.0 if trainer.parts.text else None, joined)
        trainer.stepper.step(network, optimizer, forwards, scheduled)
        _finish(trainer)
        ended = time.perf_counter()
        times.append((ended - began, loaded - began))
        began = ended
    timed = times[UNTIMED:] or times
    seconds, waiting = (sum(column) / len(timed) for column in zip(*timed, strict=True))
    return StepCost(kind, epochs, seconds, waiting)


def _case_seconds(trainer: Trainer) -> float:
    case = trainer.cases.validation[trainer.cases.validation.positive[0]]
    began = time.perf_counter()
    validate(trainer.bundle(trainer.network.eval()), [case], trainer.compute)
    return time.perf_counter() - began


def _finish(trainer: Trainer) -> None:
    """A GPU computes while this program goes on."""
    if trainer.compute.device.type == "cuda":
        torch.cuda.synchronize(trainer.compute.torch_device)
