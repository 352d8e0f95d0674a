"""The training run: epochs in three phases, validated, checkpointed, resumable."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from ..bundle.ensemble import require_single
from ..core.errors import InputError
from ..core.plain_lines import remark
from ..inference.device import Compute
from ..network.baselines import PARTS, SegmentationNetwork, built_architecture, make_network
from ..network.bundle import Bundle, load_bundle
from ..network.network import AlignRefineNetwork
from .bundle_config import model_config
from .cases import Cases
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .config import TrainingConfig
from .loading import epoch_steps, reads_whole_regions
from .log import write_config, write_log
from .mining import mined_by
from .mirrored_text import TrainingText
from .operating_point import best_cut, fold_cut
from .processes import Processes
from .provenance import Start, Statement
from .recomputation import set_recomputed
from .schedule import AuxiliaryRamp, Phase, Phases, poly_rate
from .starting import require_same_start, require_unseen_tests
from .steps import ScheduledStep, Stepper
from .tracking.logger import RunLogger, TrackedRun, logged, loggers
from .tracking.pictures import draw_cases
from .validate import mean_dice, validate
from .weights import MovingAverage, freeze_unused, load_weights, make_optimizer, parameter_groups, save_weights
from .widening import is_as_wide, widen

BEST_JOINT, BEST = "best-joint.safetensors", "best.safetensors"
DICE_MEMORY = 0.9  # of the moving average of the validation Dice, as in nnU-Net

Row = dict[str, Any]


@dataclass
class Trainer:
    """One run. `train` goes on from the checkpoint in `folder`, if there is one, and returns the best network.

    A network without text has no auxiliary phase, one without a refiner ends with the joint epochs.

    `workers`: processes that make patches beside the training process; 0 makes them in it. `initial`: a bundle of the
    same architecture, or of one with fewer features, whose weights a new run starts from. `track`: where the run can be
    watched beside TensorBoard, see `tracking.logger`.
    """

    config: TrainingConfig
    cases: Cases
    text: TrainingText
    compute: Compute
    folder: Path
    processes: Processes = field(default_factory=Processes)
    workers: int = 0
    initial: Path | None = None
    track: Sequence[str] = ()

    def __post_init__(self) -> None:
        for share, what in ((self.cases.training, "to learn from"), (self.cases.validation, "for choosing weights")):
            if not share.positive:
                raise InputError(f"No case {what} has a lesion; give more cases with one, or another share of them.")
        torch.manual_seed(self.config.seed)
        schedule = self.config.schedule
        self.text = self.text.to(self.compute.torch_device)
        self.parts = PARTS[self.config.network]
        self.network = self._new_network()
        self.phases = Phases(schedule.joint_epochs, schedule.refiner_epochs if self.parts.refiner else 0)
        self.ramp = AuxiliaryRamp(schedule.warmup_epochs, schedule.ramp_epochs)
        self.stepper = Stepper(self.config, self.text, self.compute, self.processes)
        self.history: list[Row] = []
        self.start: Start | None = None
        self._wrapped: tuple[Phase, nn.Module] | None = None
        self._enter(Phase.SEGMENTATION)

    def train(self) -> SegmentationNetwork:
        """From where an earlier run in the folder stopped to the last epoch; the network with its best weights, ready
        to answer."""
        self._resume()
        self._mine()
        steps = self.config.schedule.iterations
        with (
            self._watching() as watching,
            tqdm(total=self.phases.epochs * steps, unit="step", disable=not self.processes.first) as bar,
        ):
            bar.update(len(self.history) * steps)
            for epoch in range(len(self.history), self.phases.epochs):
                if epoch == self.phases.joint_epochs:
                    self._end_joint()
                    self._enter(Phase.REFINER)
                self.history.append(self._epoch(epoch, bar))
                if self.processes.first:
                    self._save()
                    self._tell(watching)
                    bar.write(_line(self.history[-1]))
                self.processes.wait()
        if self.parts.refiner:
            load_weights(self.network, self.folder / BEST)
        else:
            self._end_joint()
        return self.network.eval()

    def bundle(self, network: SegmentationNetwork) -> Bundle:
        """The network as inference sees it."""
        config = model_config(self.config, self.statement, {})
        return Bundle(network, config, self.text.plain, self.text.mirrored, self.folder, "")

    @property
    def statement(self) -> Statement:
        """What the bundle will say of itself."""
        return Statement.of(self.cases.source, self.start)

    def _watching(self) -> AbstractContextManager[Sequence[RunLogger]]:
        """Of the first process alone."""
        if not self.processes.first:
            return nullcontext(())
        return loggers(TrackedRun(self.folder, self.config.name, self.config.to_dict(), len(self.history)), self.track)

    def _tell(self, watching: Sequence[RunLogger]) -> None:
        """The last epoch's figures and, where it was validated, pictures of what the averaged weights answer."""
        row = self.history[-1]
        pictures = {}
        if "validation_dice" in row:
            pictures = draw_cases(self.bundle(self._averaged()), self.cases.validation, self.compute)
        for logger in watching:
            logger.figures(row["epoch"], logged(row))
            if pictures:
                logger.pictures(row["epoch"], pictures)

    def _averaged(self) -> SegmentationNetwork:
        network = self._new_network()
        network.load_state_dict(self.average.weights)
        return network

    def _end_joint(self) -> None:
        """The joint epochs' weights, at the operating point that the refiner and its gate shall see."""
        load_weights(self.network, self.folder / BEST_JOINT)
        if self.config.bundle.operating_point == "validation":
            bundle = self.bundle(self.network)
            unrefined = replace(bundle, config=replace(bundle.config, alpha=0.0))
            results = validate(unrefined, self.cases.validation, self.compute)
            fold_cut(self.network, best_cut(results, self.config.bundle.minimum_lesion_ml))

    def _new_network(self) -> SegmentationNetwork:
        config = self.config
        network = make_network(config.network, config.architecture, config.schedule.patch_size)
        set_recomputed(network, config.schedule.gradient_checkpointing)
        # On a CPU the gradients of 3D convolutions are computed fastest with the channels last.
        layout = torch.channels_last_3d if self.compute.device.type == "cpu" else torch.contiguous_format
        return network.to(self.compute.device, memory_format=layout)  # type: ignore[call-overload, no-any-return]

    def _enter(self, phase: Phase) -> None:
        """A fresh optimizer and moving average for the phase's parameters."""
        groups = parameter_groups(self.network, phase, self.config.optimizer)
        self.optimizer = make_optimizer(groups, self.config.optimizer)
        self.average = MovingAverage(self.network, self.config.optimizer.average_decay)

    def _engine(self, phase: Phase) -> nn.Module:
        """The network with what `phase` trains, shared by the processes."""
        if self._wrapped is None or self._wrapped[0] is not phase:
            self._wrapped = None
            freeze_unused(self.network, phase)
            self._wrapped = phase, self.processes.wrap(self.network)
        return self._wrapped[1]

    def _epoch(self, epoch: int, bar: tqdm[Any]) -> Row:
        started = time.perf_counter()
        torch.manual_seed(self.config.seed * 100_003 + epoch)  # dropout, the same in a resumed run
        start = self.ramp.start(self._column("loss"), self._column("average_dice"))
        scale = self.ramp.scale(epoch, start) if self.parts.text else 0.0
        phase = self.phases.phase(epoch, scale)
        rates = self._set_rates(epoch)
        losses = self._steps(epoch, phase, scale, bar)
        row: Row = {"epoch": epoch, "phase": phase.value, "auxiliary_scale": scale, **rates, **losses}
        row |= self._validation(epoch, phase)
        return row | {"seconds": time.perf_counter() - started}

    def _steps(self, epoch: int, phase: Phase, scale: float, bar: tqdm[Any]) -> dict[str, float]:
        """Mean losses of the epoch's steps."""
        engine = self._engine(phase)
        self.network.train()
        joined = not reads_whole_regions(self.config, epoch)
        steps = []
        batches = epoch_steps(self.config, self.cases.training, epoch, self.processes, self.workers)
        for number, forwards in enumerate(islice(batches, self.config.schedule.iterations)):
            scheduled = ScheduledStep(epoch, number, phase, scale if self.parts.text else None, joined)
            steps.append(self.stepper.step(engine, self.optimizer, forwards, scheduled))
            self.average.update(self.network)
            bar.set_description(f"{phase.value} {epoch + 1}/{self.phases.epochs} loss {steps[-1]['loss']:.3f}")
            bar.update()
        return {name: sum(step[name] for step in steps) / len(steps) for name in steps[0]}

    def _set_rates(self, epoch: int) -> dict[str, float]:
        """Poly decay over the joint epochs, and again over the refiner's; returns each group's rate."""
        joint = self.phases.joint_epochs
        done, whole = (epoch, joint) if epoch < joint else (epoch - joint, self.phases.refiner_epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = poly_rate(group["initial_rate"], done, whole)
        return {f"{group['name']}_rate": float(group["lr"]) for group in self.optimizer.param_groups}

    def _validation(self, epoch: int, phase: Phase) -> Row:
        """Lesion Dice of the averaged weights; they are kept where they are the phase's best so far."""
        last_of_phase = epoch + 1 in (self.phases.joint_epochs, self.phases.epochs)
        before = self.history[-1]["average_dice"] if self.history else 0.0
        if (epoch + 1) % self.config.schedule.validate_every and not last_of_phase:
            return {"average_dice": before}
        gated, base = self._dice(self._averaged())
        refining = phase is Phase.REFINER
        dice = gated if refining else base
        rivals = [row for row in self.history if (row["phase"] == Phase.REFINER.value) == refining]
        best = max((row.get("validation_dice", -1.0) for row in rivals), default=-1.0)
        if dice >= best and self.processes.first:
            save_weights(self.average.weights, self.folder / (BEST if refining else BEST_JOINT))
        average = DICE_MEMORY * before + (1 - DICE_MEMORY) * dice if before else dice
        return {"validation_dice": dice, "validation_base_dice": base, "average_dice": average}

    def _dice(self, network: SegmentationNetwork) -> tuple[float, float]:
        """With and without the refiner's edits; the processes share the cases."""
        cases = self.cases.validation
        own = (cases[number] for number in range(self.processes.rank, len(cases), self.processes.count))
        return mean_dice(validate(self.bundle(network), own, self.compute), self.processes, self.compute.torch_device)

    def _column(self, name: str) -> list[float]:
        return [float(row[name]) for row in self.history]

    def _start_from(self, path: Path) -> None:
        bundle = load_bundle(path, self.compute.torch_device)
        require_single(bundle.config, "where a run starts from")
        own = built_architecture(self.config.network, self.config.architecture)
        if not self.parts.bundled or not is_as_wide(own, bundle.config.architecture):
            raise InputError(
                f"The model bundle '{path.name}' has another architecture than the training configuration, so a run "
                "cannot start from its weights; take its architecture over, with as many features in every stage or "
                "more, or start without it."
            )
        require_unseen_tests(self.cases.tested, bundle.config)
        assert isinstance(self.network, AlignRefineNetwork)
        widen(bundle.network.state_dict(), self.network)
        self.start = Start.of(bundle.config, bundle.sha256)
        self._enter(Phase.SEGMENTATION)

    def _mine(self) -> None:
        """False findings of the model that the run started from join its training cases, where they are wanted."""
        if not self.config.schedule.mined_share:
            return
        training = self.cases.training
        mined = self.processes.first_then_others(lambda: mined_by(self.initial, self.folder, training, self.compute))
        if self.processes.first:
            remark(f"{len(mined)} false findings in {len(training)} training cases.")
        self.cases = replace(self.cases, training=replace(training, mined=mined))

    def _save(self) -> None:
        state = Checkpoint(
            self.config.to_dict(),
            self.cases.fingerprint,
            asdict(self.start) if self.start else {},
            self.history,
            self.network.state_dict(),
            self.optimizer.state_dict(),
            self.average.weights,
            self.average.updates,
        )
        save_checkpoint(state, self.folder)
        write_config(self.config, self.folder)
        write_log(self.history, self.folder)

    def _resume(self) -> None:
        stored = load_checkpoint(self.folder, self.config.to_dict(), self.cases.fingerprint)
        if stored is None:
            if self.initial:
                self._start_from(self.initial)
            return
        self.start = Start(**stored.started_from) if stored.started_from else None
        if self.initial:
            require_same_start(self.start, self.initial, self.folder)
        if len(stored.history) > self.phases.joint_epochs:
            self._enter(Phase.REFINER)
        self.history = stored.history
        self.network.load_state_dict(stored.network)
        self.optimizer.load_state_dict(stored.optimizer)
        self.average.weights = {name: t.to(self.compute.torch_device) for name, t in stored.average.items()}
        self.average.updates = stored.average_updates


def _line(row: Row) -> str:
    found = f", lesion Dice {row['validation_dice']:.3f}" if "validation_dice" in row else ""
    return f"epoch {row['epoch'] + 1} ({row['phase']}): loss {row['loss']:.4f}{found}, {row['seconds']:.0f} s"
