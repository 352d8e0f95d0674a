"""`prostate-align-refine cross-validate`: each fold tested by a model that never saw it, in one table."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from .model_options import PRECISION
from .numbers import processes, resamples

if TYPE_CHECKING:
    from ..training.manifest import Manifest
    from .evaluate import EvaluateOptions
    from .train import TrainOptions

PREDICTIONS, REPORT, ENSEMBLE, CASES = "predictions", "report", "ensemble", "cases"


@dataclass(frozen=True)
class CrossValidateOptions:
    config: str
    data: Path
    output: Path
    changes: tuple[str, ...]
    text: Path | None
    workers: int
    ensemble: bool
    resamples: int
    device: str
    precision: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "cross-validate",
        help="train on every fold of a data set in turn and judge all its cases together",
        description="For each fold what train, segment-cohort --share test and then evaluate do: a model in "
        "DIR/foldK, the fold's cases segmented by it, and all cases judged once in DIR/report; cross-validation.md and "
        ".csv hold the figures of each fold and of all. Started again, it goes on where it stopped.",
    )
    parser.add_argument("--config", required=True, metavar="FILE", help="as train's: a preset or a TOML file")
    parser.add_argument("--data", type=Path, required=True, metavar="DATASET", help="what prepare made")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for all of it")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        dest="changes",
        default=[],
        metavar="ENTRY=VALUE",
        help="change single entries, such as schedule.iterations=100",
    )
    parser.add_argument("--text", type=Path, metavar="FILE", help="what encode-text made, where the encoder is not")
    parser.add_argument("--workers", type=processes, default=1, help="processes that ready cases (default: 1)")
    parser.add_argument("--ensemble", action="store_true", help="also make one bundle of the folds' models")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help=PRECISION)
    parser.set_defaults(options=CrossValidateOptions, run=run)


def run(options: CrossValidateOptions) -> int:
    from ..core.storage.output import output_folder, require_apart
    from ..core.storage.signed_file import require_replaceable
    from ..evaluation.by_fold import CSV_NAME, MARKDOWN_NAME, write_fold_tables
    from ..training.completion import BUNDLE
    from ..training.manifest import read_manifest
    from . import ensemble, evaluate
    from .ensemble import EnsembleOptions

    manifest = read_manifest(options.data)
    folds = {case.name: case.fold for case in manifest.cases}
    numbers = sorted(set(folds.values()))
    _check(options, numbers)
    folder = output_folder(options.output)
    require_apart(folder, [options.data])
    for name in (CSV_NAME, MARKDOWN_NAME):
        require_replaceable(folder / name)
    for number in numbers:
        remark(f"Fold {number}, of {len(numbers)}:")
        _one_fold(options, manifest, number)
    evaluation = evaluate.judged(_evaluation(options))
    write_fold_tables(evaluation, folds, folder)
    remark(f"The cross-validated table is in {options.output / MARKDOWN_NAME}.")
    if options.ensemble:
        bundles = tuple(_run_of(options, number) / BUNDLE for number in numbers)
        ensemble.run(EnsembleOptions(bundles, options.output / ENSEMBLE))
    return 0


def _check(options: CrossValidateOptions, numbers: list[int]) -> None:
    """InputError before hours of training."""
    from ..core.errors import InputError
    from ..inference.shard import Shard
    from ..network.baselines import PARTS
    from ..training.config import TrainingConfig
    from .train_inputs import checked_configuration

    if len(numbers) < 2:
        raise InputError("The dataset has one fold, so no model could be trained beside it; prepare it with more.")
    if Shard.of_torchrun().count > 1:
        raise InputError("cross-validate works in one process; give torchrun train, fold by fold.")
    for number in numbers:
        config = TrainingConfig.from_dict(checked_configuration(_training(options, number)))
    if not PARTS[config.network].bundled:
        raise InputError(
            f"The network {config.network} makes no bundle that could segment; name ours or paper_refiner, or train it "
            "fold by fold, which leaves its predictions in test."
        )


def _one_fold(options: CrossValidateOptions, manifest: Manifest, number: int) -> None:
    from ..core.errors import InputError
    from ..training.completion import BUNDLE
    from . import segment_cohort, train
    from .segment_cohort import SegmentCohortOptions

    training = _training(options, number)
    if _is_trained(training, manifest.split_sha256, number):
        remark("trained earlier.")
    else:
        train.run(training)
    segmenting = SegmentCohortOptions(
        output=options.output / PREDICTIONS,
        data=options.data,
        share="test",
        model=_run_of(options, number) / BUNDLE,
        device=options.device,
        precision=options.precision,
    )
    if segment_cohort.run(segmenting):
        raise InputError(
            f"Cases of fold {number} could not be segmented, as named above; mend them and start again, which goes on "
            "from here."
        )


def _is_trained(training: TrainOptions, split: str, number: int) -> bool:
    """With this very configuration, on this split, to the end: the engine's files come last."""
    from ..bundle.config import CONFIG_FILE
    from ..bundle.engine_files import has_engine_files
    from ..bundle.opening import read_settled_config
    from ..training.completion import BUNDLE
    from ..training.config import TrainingConfig
    from ..training.configuration_file import as_toml
    from ..training.log import CONFIG_NAME
    from ..training.unseen import TrainedSplit, splits_of
    from .train_inputs import checked_configuration, required_output

    folder = required_output(training)
    if not (folder / BUNDLE / CONFIG_FILE).is_file() or not (folder / CONFIG_NAME).is_file():
        return False
    made, config = read_settled_config(folder / BUNDLE), TrainingConfig.from_dict(checked_configuration(training))
    same = (folder / CONFIG_NAME).read_text(encoding="utf-8") == as_toml(config.to_dict())
    return same and splits_of(made) == (TrainedSplit(split, number),) and has_engine_files(made.files)


def _run_of(options: CrossValidateOptions, number: int) -> Path:
    return options.output / f"fold{number}"


def _training(options: CrossValidateOptions, number: int) -> TrainOptions:
    from .train import TrainOptions

    return TrainOptions(
        config=options.config,
        output=_run_of(options, number),
        changes=(*options.changes, f"data.test_fold={number}"),
        list=False,
        print_config=False,
        dry_run=False,
        initial=None,
        data=options.data,
        text=options.text,
        cases=options.output / CASES,
        track=(),
        workers=options.workers,
        minutes=None,
        device=options.device,
        precision=options.precision,
    )


def _evaluation(options: CrossValidateOptions) -> EvaluateOptions:
    from .evaluate import EvaluateOptions

    return EvaluateOptions(
        predictions=options.output / PREDICTIONS,
        references=None,
        data=options.data,
        fold=None,
        share=None,
        model=None,
        with_training_cases=False,
        cases=None,
        against=None,
        output=options.output / REPORT,
        threshold=0.5,
        minimum_ml=0.0,
        regions=None,
        resamples=options.resamples,
    )
