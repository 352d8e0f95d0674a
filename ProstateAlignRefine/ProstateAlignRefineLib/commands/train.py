"""`prostate-align-refine train`: a configuration in, a model bundle out."""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from .model_options import PRECISION
from .numbers import processes, real

if TYPE_CHECKING:
    from ..training.cases import CaseShare
    from ..training.config import TrainingConfig
    from ..training.processes import Processes
    from ..training.trainer import Trainer

MOST_MINUTES = 100_000


@dataclass(frozen=True)
class TrainOptions:
    """`initial`: a bundle whose weights the run starts from. `changes`: of single entries of the configuration.
    `minutes`: until the bundle is there."""

    config: str | None
    output: Path | None
    changes: tuple[str, ...]
    list: bool
    print_config: bool
    dry_run: bool
    initial: Path | None
    data: Path | None
    text: Path | None
    cases: Path | None
    track: tuple[str, ...]
    workers: int
    minutes: float | None
    device: str
    precision: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train a model and write its bundle",
        description="Trains in one process, or in several that share each batch: torchrun --nproc-per-node N -m "
        "ProstateAlignRefineLib.cli train ... A run that was stopped goes on when it is started again.",
    )
    parser.add_argument("--config", metavar="FILE", help="a preset (see --list), or a TOML file, which may extend one")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        dest="changes",
        default=[],
        metavar="ENTRY=VALUE",
        help="change single entries, such as schedule.iterations=100",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder of the run; resumes it")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="show the presets and what they cost, and end")
    instead.add_argument("--print-config", action="store_true", help="print the whole configuration, and end")
    instead.add_argument(
        "--dry-run", action="store_true", help="read every case, try a few steps, tell memory and hours, and end"
    )
    parser.add_argument("--from", type=Path, dest="initial", metavar="BUNDLE", help="start from this model's weights")
    parser.add_argument("--data", type=Path, metavar="DATASET", help="what prepare made, where the configuration asks")
    parser.add_argument("--text", type=Path, metavar="FILE", help="what encode-text made, where the encoder is not")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="where cases are kept ready (default: DIR/cases)")
    parser.add_argument(
        "--track",
        nargs="+",
        default=[],
        metavar="WHERE",
        help="beside TensorBoard and log.csv: mlflow (in DIR, or mlflow=URI) and wandb (offline, in DIR)",
    )
    parser.add_argument("--workers", type=processes, default=1, help="processes that ready cases (default: 1)")
    parser.add_argument(
        "--minutes", type=real(1, MOST_MINUTES, "minutes"), help="train as many joint epochs as end within this time"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help=PRECISION)
    parser.set_defaults(options=TrainOptions, run=run)


def run(options: TrainOptions) -> int:
    from .train_inputs import checked_configuration

    if options.list:
        from ..training.listing import listing

        print(listing())
        return 0
    entries = checked_configuration(options)

    from ..training.config import TrainingConfig

    config = TrainingConfig.from_dict(entries)
    if options.print_config:
        from ..training.configuration_file import as_toml

        print(as_toml(config.to_dict()), end="")
    elif options.dry_run:
        _rehearse(config, options)
    else:
        _run(config, options)
    return 0


def _run(config: TrainingConfig, options: TrainOptions) -> None:
    from ..core.errors import InputError
    from ..core.storage.files import made_folder
    from ..core.storage.output import output_folder
    from ..core.storage.staging import claimed
    from ..training.processes import joined_processes
    from .train_inputs import require_free, required_output

    started = time.perf_counter()
    folder = output_folder(required_output(options))
    with (
        made_folder(folder),
        joined_processes(options.device) as processes,
        claimed(folder) if processes.first else nullcontext(),
    ):
        require_free(folder)
        if options.minutes and processes.count > 1:
            raise InputError("--minutes is for a run in one process; give schedule.joint_epochs, or one process.")
        trainer = _trainer(config, options, processes, folder)
        if options.minutes:
            from ..training.budget import fitted

            left = options.minutes * 60 - (time.perf_counter() - started)
            trainer = _trainer(fitted(trainer, left), options, processes, folder)
            remark(f"{trainer.phases.epochs} epochs fit into {options.minutes:g} minutes.")
        _train(trainer)


def _rehearse(config: TrainingConfig, options: TrainOptions) -> None:
    """In one process; cases are kept where a run with the same options would keep them, else nowhere."""
    from ..core.storage.scratch import scratch_folder
    from ..training.processes import Processes
    from ..training.rehearsal import rehearse

    kept = options.cases or (options.output / "cases" if options.output else None)
    with scratch_folder() as scratch:
        trainer = _trainer(config, options, Processes(), scratch, kept)
        parts = zip(("training", "validation", "test"), _shares(trainer), strict=True)
        print(", ".join(f"{len(s)} {name} cases ({len(s.positive)} with a lesion)" for name, s in parts))
        print(trainer.cases.source.details)
        print(f"{sum(weights.numel() for weights in trainer.network.parameters()):,} parameters")
        print(rehearse(trainer))


def _shares(trainer: Trainer) -> tuple[CaseShare, ...]:
    return trainer.cases.training, trainer.cases.validation, trainer.cases.test


def _trainer(
    config: TrainingConfig, options: TrainOptions, processes: Processes, folder: Path, kept: Path | None = None
) -> Trainer:
    from ..evaluation.candidates import require_picai_eval
    from ..inference.device import choose_compute
    from ..training.configured_cases import cases_of
    from ..training.mirrored_text import encode_training_text, stored_training_text
    from ..training.tracking.logger import require_places
    from ..training.trainer import Trainer

    require_picai_eval()
    require_places(options.track)
    compute = choose_compute(processes.device(options.device), options.precision, training=True)
    text = stored_training_text(options.text, config.text) if options.text else encode_training_text(config.text)
    cache = kept or options.cases or folder / "cases"
    cases = processes.first_then_others(lambda: cases_of(config, options.data, cache, options.workers))
    # One worker beside the training process gains nothing where there is one core.
    workers = options.workers if options.workers > 1 else 0
    return Trainer(config, cases, text, compute, folder, processes, workers, options.initial, options.track)


def _train(trainer: Trainer) -> None:
    from ..training.completion import BUNDLE, TEST, complete_training
    from ..training.engine_files import offer_engine_files
    from ..training.own_refiner import OWN_REFINER, OwnEdits

    if trainer.processes.first:
        remark(trainer.compute.description)
    network = trainer.train()
    if not trainer.processes.first:
        return
    metrics = complete_training(trainer, network, trainer.folder)
    for name, figure in metrics["figures"].items():
        print(f"{name}: {'-' if figure['value'] is None else figure['value']}")
    remark(f"The test cases' predictions and report are in {trainer.folder / TEST}.")
    if trainer.parts.bundled:
        print(OwnEdits(**metrics[OWN_REFINER]).sentence)
        offer_engine_files(trainer.folder / BUNDLE)
        remark(f"The bundle is in {trainer.folder / BUNDLE}.")
    else:
        remark(f"The network {trainer.config.network} makes no bundle: it lacks the text or the refiner.")
