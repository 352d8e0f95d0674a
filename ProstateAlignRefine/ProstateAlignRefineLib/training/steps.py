"""One optimizer step: forwards over all processes, the loss of the whole batch, clipped gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from ..core.errors import InputError
from ..inference.device import Compute
from ..network.network import NetworkOutput
from .config import TrainingConfig
from .mirrored_text import TrainingText
from .objective import StepLoss, Targets, forward, joint_loss, refiner_loss
from .patches import Patch
from .processes import Processes, no_reduction
from .schedule import Phase


@dataclass(frozen=True)
class ScheduledStep:
    """Where in the run a step lies. `joined`: the processes' patches are one batch, being of one size.

    `auxiliary_scale`: None where the network reads no text.
    """

    epoch: int
    step: int
    phase: Phase
    auxiliary_scale: float | None
    joined: bool


@dataclass(frozen=True)
class Stepper:
    """What every step of a run shares."""

    config: TrainingConfig
    text: TrainingText
    compute: Compute
    processes: Processes

    def step(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        forwards: Sequence[Sequence[Patch]],
        scheduled: ScheduledStep,
    ) -> dict[str, float]:
        """Mean losses over the step's forwards; InputError naming the cases where a loss is not a number."""
        optimizer.zero_grad(set_to_none=True)
        losses = []
        for left, batch in zip(reversed(range(len(forwards))), forwards, strict=True):
            with no_reduction(network) if left else nullcontext():
                losses.append(self._backward(network, batch, scheduled, len(forwards)))
        trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        nn.utils.clip_grad_norm_(trained, self.config.optimizer.gradient_clip)
        optimizer.step()
        return {name: sum(loss[name] for loss in losses) / len(losses) for name in losses[0]}

    def _backward(
        self, network: nn.Module, batch: Sequence[Patch], scheduled: ScheduledStep, forwards: int
    ) -> dict[str, float]:
        with self.compute.autocast:
            own, targets = forward(network, batch, self.text, scheduled.phase is Phase.REFINER)
        output = self._joined(own) if scheduled.joined else own
        loss = self._loss(output, self._joined_targets(targets) if scheduled.joined else targets, scheduled)
        values = {"loss": loss.total.item(), **loss.parts}
        if not scheduled.joined:
            values = self._mean(values, targets.lesions.device)
        if not math.isfinite(values["loss"]):
            raise InputError(_not_a_number(batch, own, scheduled))
        # Gradients are averaged over the processes; of a joined batch each process holds its own part's share alone.
        (loss.total * (self.processes.count if scheduled.joined else 1) / forwards).backward()
        return values

    def _loss(self, output: NetworkOutput, targets: Targets, scheduled: ScheduledStep) -> StepLoss:
        if scheduled.phase is Phase.REFINER:
            return refiner_loss(output, targets, self.config.loss, self.config.bundle)
        return joint_loss(output, targets, self.config.loss, scheduled.auxiliary_scale)

    def _joined(self, output: NetworkOutput) -> NetworkOutput:
        gather = self.processes.gather
        return NetworkOutput(
            base_logits=[gather(level) for level in output.base_logits],
            refined_logits=gather(output.refined_logits),
            similarity=gather(output.similarity),
            similarity_logits=gather(output.similarity_logits),
            anatomy_logits=None if output.anatomy_logits is None else gather(output.anatomy_logits),
        )

    def _joined_targets(self, targets: Targets) -> Targets:
        gather = self.processes.gather
        return Targets(gather(targets.lesions), None if targets.zones is None else gather(targets.zones))

    def _mean(self, values: dict[str, float], device: torch.device) -> dict[str, float]:
        total = self.processes.total(torch.tensor(list(values.values()), dtype=torch.float64, device=device))
        return dict(zip(values, (total / self.processes.count).tolist(), strict=True))


def _not_a_number(batch: Sequence[Patch], output: NetworkOutput, scheduled: ScheduledStep) -> str:
    """Names the cases whose own output is not finite, all of the batch where none is to blame alone."""
    finite = output.base_logits[0].isfinite().flatten(1).all(dim=1).tolist()
    broken = [patch.case for patch, fine in zip(batch, finite, strict=True) if not fine] or [p.case for p in batch]
    return (
        f"The loss is not a number at epoch {scheduled.epoch}, step {scheduled.step}, cases {', '.join(broken)}; "
        "check them or lower optimizer.rate."
    )
