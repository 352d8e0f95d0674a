"""`prostate-align-refine train`: a configuration in, a model bundle out."""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .numbers import processes, real

if TYPE_CHECKING:
    from ..training.config import TrainingConfig
    from ..training.processes import Processes

MOST_MINUTES = 100_000


@dataclass(frozen=True)
class TrainOptions:
    """`initial`: a bundle whose weights the run starts from. `minutes`: until the bundle is there."""

    config: str
    output: Path
    initial: Path | None
    data: Path | None
    text: Path | None
    cases: Path | None
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
    parser.add_argument(
        "--config", required=True, metavar="FILE", help="a TOML file, or a preset: paper, ours, starter, starter-gpu"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the run; resumes it")
    parser.add_argument("--from", type=Path, dest="initial", metavar="BUNDLE", help="start from this model's weights")
    parser.add_argument("--data", type=Path, metavar="DATASET", help="what prepare made, where the configuration asks")
    parser.add_argument("--text", type=Path, metavar="FILE", help="what encode-text made, where the encoder is not")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="where cases are kept ready (default: DIR/cases)")
    parser.add_argument("--workers", type=processes, default=1, help="processes that ready cases (default: 1)")
    parser.add_argument(
        "--minutes", type=real(1, MOST_MINUTES, "minutes"), help="train as many joint epochs as end within this time"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.set_defaults(options=TrainOptions, run=run)


def run(options: TrainOptions) -> int:
    from ..core.errors import InputError
    from ..core.storage.files import made_folder
    from ..core.storage.output import output_folder
    from ..core.storage.staging import claimed
    from ..training.config import read_training_config
    from ..training.processes import joined_processes

    started = time.perf_counter()
    config = read_training_config(options.config)
    folder = output_folder(options.output)
    with (
        made_folder(folder),
        joined_processes(options.device) as processes,
        claimed(folder) if processes.first else nullcontext(),
    ):
        _require_free(folder)
        if options.minutes and processes.count > 1:
            raise InputError("--minutes is for a run in one process; give schedule.joint_epochs, or one process.")
        _train(config, options, processes, started)
    return 0


def _require_free(folder: Path) -> None:
    """InputError, before hours of training, where something lies in the way of what it writes."""
    from ..core.storage.output import check_output
    from ..core.storage.signature import BUNDLE
    from ..core.storage.signed_file import require_replaceable
    from ..network.bundle import NAMES
    from ..training import test_predictions as tested
    from ..training.checkpoint import CHECKPOINT_NAME
    from ..training.completion import BUNDLE as BUNDLE_FOLDER
    from ..training.completion import TEST
    from ..training.log import LOG_NAME
    from ..training.trainer import BEST, BEST_JOINT

    for name in (CHECKPOINT_NAME, LOG_NAME, BEST, BEST_JOINT):
        require_replaceable(folder / name)
    check_output(folder / TEST, tested.KIND, tested.NAMES)
    check_output(folder / BUNDLE_FOLDER, BUNDLE, NAMES)


def _train(config: TrainingConfig, options: TrainOptions, processes: Processes, started: float) -> None:
    from ..evaluation.candidates import require_picai_eval
    from ..inference.device import choose_compute
    from ..training.budget import fitted
    from ..training.completion import BUNDLE, TEST, complete_training
    from ..training.configured_cases import cases_of
    from ..training.mirrored_text import encode_training_text, stored_training_text
    from ..training.trainer import Trainer

    folder = options.output
    require_picai_eval()
    compute = choose_compute(processes.device(options.device), options.precision, training=True)
    text = stored_training_text(options.text, config.text) if options.text else encode_training_text(config.text)
    cache = options.cases or folder / "cases"
    cases = processes.first_then_others(lambda: cases_of(config, options.data, cache, options.workers))
    # One worker beside the training process gains nothing where there is one core.
    workers = options.workers if options.workers > 1 else 0

    def trainer_of(config: TrainingConfig) -> Trainer:
        return Trainer(config, cases, text, compute, folder, processes, workers, options.initial)

    if processes.first:
        print(compute.description)
    trainer = trainer_of(config)
    if options.minutes:
        left = options.minutes * 60 - (time.perf_counter() - started)
        trainer = trainer_of(fitted(trainer, left))
        print(f"{trainer.phases.epochs} epochs fit into {options.minutes:g} minutes.")
    network = trainer.train()
    if not processes.first:
        return
    metrics = complete_training(trainer, network, folder)
    for name, figure in metrics["figures"].items():
        print(f"{name}: {figure['value']}")
    print(f"The test cases' predictions and report are in {folder / TEST}.")
    if trainer.parts.bundled:
        print(f"The bundle is in {folder / BUNDLE}.")
    else:
        print(f"The network {config.network} makes no bundle: it lacks the text or the refiner.")
