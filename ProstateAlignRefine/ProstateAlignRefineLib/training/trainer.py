"""The training run: epochs in three phases, validated, checkpointed, resumable."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ..core.errors import InputError
from ..inference.device import Compute
from ..model.bundle import Bundle
from ..model.config import FORMAT_VERSION, ModelConfig
from ..model.network import AlignRefineNetwork
from ..model.text import TextEmbedding
from .cases import Cases
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .config import TrainingConfig
from .log import write_log
from .objective import StepLoss, forward, joint_loss, refiner_loss
from .patches import Patch, Patches, PatchPlan
from .schedule import AuxiliaryRamp, Phase, Phases, poly_rate
from .validate import lesion_dice, validate
from .weights import MovingAverage, load_weights, make_optimizer, parameter_groups, save_weights

BEST_JOINT, BEST = "best-joint.safetensors", "best.safetensors"
DICE_MEMORY = 0.9  # of the moving average of the validation Dice, as in nnU-Net

Row = dict[str, Any]


@dataclass
class Trainer:
    """One run. `train` goes on from the checkpoint in `folder`, if there is one, and returns the best network."""

    config: TrainingConfig
    cases: Cases
    text: TextEmbedding
    compute: Compute
    folder: Path

    def __post_init__(self) -> None:
        torch.manual_seed(self.config.seed)
        schedule = self.config.schedule
        self.text = self.text.to(self.compute.device)
        self.network = AlignRefineNetwork(self.config.architecture).to(self.compute.device)
        self.phases = Phases(schedule.joint_epochs, schedule.refiner_epochs)
        self.ramp = AuxiliaryRamp(schedule.warmup_epochs, schedule.ramp_epochs)
        self.history: list[Row] = []
        self._enter(Phase.SEGMENTATION)

    def train(self) -> AlignRefineNetwork:
        self._resume()
        schedule = self.config.schedule
        with tqdm(total=self.phases.epochs * schedule.iterations, unit="step") as bar:
            bar.update(len(self.history) * schedule.iterations)
            for epoch in range(len(self.history), self.phases.epochs):
                if epoch == self.phases.joint_epochs:
                    load_weights(self.network, self.folder / BEST_JOINT)
                    self._enter(Phase.REFINER)
                row = self._epoch(epoch, bar)
                self.history.append(row)
                self._save()
                bar.write(_line(row))
        load_weights(self.network, self.folder / BEST)
        return self.network.eval()

    def bundle(self, network: AlignRefineNetwork) -> Bundle:
        """The network as inference sees it."""
        return Bundle(network, model_config(self.config, {}), self.text, self.folder, "")

    def _enter(self, phase: Phase) -> None:
        """A fresh optimizer and moving average for the phase's parameters."""
        self.groups = parameter_groups(self.network, phase, self.config.optimizer)
        self.optimizer = make_optimizer(self.groups, self.config.optimizer)
        self.average = MovingAverage(self.network, self.config.optimizer.average_decay)

    def _epoch(self, epoch: int, bar: tqdm[Any]) -> Row:
        started = time.perf_counter()
        torch.manual_seed(self.config.seed * 100_003 + epoch)  # dropout, the same in a resumed run
        start = self.ramp.start(self._column("loss"), self._column("average_dice"))
        scale = self.ramp.scale(epoch, start)
        phase = self.phases.phase(epoch, scale)
        factor = self._set_rates(epoch)
        self.network.train()
        steps = []
        for number, batch in enumerate(self._batches(epoch)):
            loss = self._step(batch, phase, scale, f"epoch {epoch}, step {number}")
            steps.append({"loss": loss.total.item(), **loss.parts})
            bar.set_description(f"{phase.value} {epoch + 1}/{self.phases.epochs} loss {steps[-1]['loss']:.3f}")
            bar.update()
        means = {name: sum(step[name] for step in steps) / len(steps) for name in steps[0]}
        row: Row = {"epoch": epoch, "phase": phase.value, "auxiliary_scale": scale, "rate": factor, **means}
        row |= self._validation(epoch, phase)
        return row | {"seconds": time.perf_counter() - started}

    def _step(self, batch: Sequence[Patch], phase: Phase, scale: float, place: str) -> StepLoss:
        settings = self.config
        with self.compute.autocast:
            output, target = forward(self.network, batch, self.text)
        if phase is Phase.REFINER:
            loss = refiner_loss(output, target, settings.loss, settings.bundle)
        else:
            loss = joint_loss(output, target, settings.loss, scale)
        if not math.isfinite(loss.total.item()):
            names = ", ".join(patch.case for patch in batch)
            raise InputError(f"The loss is not a number at {place}, cases {names}; check them or lower optimizer.rate.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.total.backward()
        trained = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grad_norm_(trained, settings.optimizer.gradient_clip)
        self.optimizer.step()
        self.average.update(self.network)
        return loss

    def _batches(self, epoch: int) -> Iterator[list[Patch]]:
        schedule = self.config.schedule
        joint = epoch < schedule.joint_epochs
        whole = joint and epoch >= schedule.joint_epochs - schedule.whole_region_epochs
        size, batch_size = (None, 1) if whole else (schedule.patch_size, schedule.batch_size)
        divisor = self.config.architecture.size_divisor
        plan = PatchPlan(size, divisor, schedule.foreground_share, self.config.augmentation)
        patches = Patches(self.cases.training, plan, schedule.iterations * batch_size, self.config.seed, epoch)
        for start in range(0, len(patches), batch_size):
            yield [patches[index] for index in range(start, start + batch_size)]

    def _set_rates(self, epoch: int) -> float:
        """Poly decay over the joint epochs, and again over the refiner's; returns the first group's rate."""
        joint = self.phases.joint_epochs
        done, whole = (epoch, joint) if epoch < joint else (epoch - joint, self.phases.refiner_epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = poly_rate(group["initial_rate"], done, whole)
        return float(self.optimizer.param_groups[0]["lr"])

    def _validation(self, epoch: int, phase: Phase) -> Row:
        """Lesion Dice of the averaged weights; they are kept where they are the phase's best so far."""
        last_of_phase = epoch + 1 in (self.phases.joint_epochs, self.phases.epochs)
        before = self.history[-1]["average_dice"] if self.history else 0.0
        if (epoch + 1) % self.config.schedule.validate_every and not last_of_phase:
            return {"average_dice": before}
        candidate = AlignRefineNetwork(self.config.architecture).to(self.compute.device)
        candidate.load_state_dict(self.average.weights)
        results = validate(self.bundle(candidate), self.cases.validation, self.compute)
        refining = phase is Phase.REFINER
        dice = lesion_dice(results, gated=refining)
        rivals = [row for row in self.history if (row["phase"] == Phase.REFINER.value) == refining]
        if dice >= max((row.get("validation_dice", -1.0) for row in rivals), default=-1.0):
            save_weights(self.average.weights, self.folder / (BEST if refining else BEST_JOINT))
        average = DICE_MEMORY * before + (1 - DICE_MEMORY) * dice if before else dice
        base = lesion_dice(results, gated=False)
        return {"validation_dice": dice, "validation_base_dice": base, "average_dice": average}

    def _column(self, name: str) -> list[float]:
        return [float(row[name]) for row in self.history]

    def _save(self) -> None:
        state = Checkpoint(
            self.config.to_dict(),
            self.history,
            self.network.state_dict(),
            self.optimizer.state_dict(),
            self.average.weights,
            self.average.updates,
        )
        save_checkpoint(state, self.folder)
        write_log(self.history, self.folder)

    def _resume(self) -> None:
        stored = load_checkpoint(self.folder, self.config.to_dict())
        if stored is None:
            return
        if len(stored.history) > self.phases.joint_epochs:
            self._enter(Phase.REFINER)
        self.history = stored.history
        self.network.load_state_dict(stored.network)
        self.optimizer.load_state_dict(stored.optimizer)
        self.average.weights = {name: t.to(self.compute.device) for name, t in stored.average.items()}
        self.average.updates = stored.average_updates


def model_config(config: TrainingConfig, metrics: dict[str, Any]) -> ModelConfig:
    """The bundle's configuration; hashes of files come when it is saved."""
    settings = config.bundle
    return ModelConfig(
        format_version=FORMAT_VERSION,
        name=config.name,
        architecture=config.architecture,
        preprocessing=config.preprocessing,
        confidence=settings.confidence,
        tau=settings.tau,
        alpha=settings.alpha,
        minimum_lesion_ml=settings.minimum_lesion_ml,
        prompt=config.text.prompts[0],
        text_encoder=config.text.encoder,
        notice=settings.notice,
        training_data=settings.training_data,
        licence=settings.licence,
        intended_use=settings.intended_use,
        metrics=metrics,
        files={},
    )


def _line(row: Row) -> str:
    found = f", lesion Dice {row['validation_dice']:.3f}" if "validation_dice" in row else ""
    return f"epoch {row['epoch'] + 1} ({row['phase']}): loss {row['loss']:.4f}{found}, {row['seconds']:.0f} s"
