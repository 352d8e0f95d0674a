"""`prostate-align-refine evaluate`: any system's predictions against references."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InputError
from ..core.plain_lines import remark
from .dataset_options import add_dataset_option
from .numbers import real, resamples

if TYPE_CHECKING:
    from ..evaluation.summary import Evaluation

HEADLINE = (
    "Dice, positives",
    "NSD 2 mm, positives",
    "lesion sensitivity",
    "false positives a case",
    "AP",
    "AUROC",
)


@dataclass(frozen=True)
class EvaluateOptions:
    """`share`: of `data`, the fold that `model` was not trained on; `fold`, too, must be new to a model that is named.
    Without `with_training_cases` results of studies that their model was trained on are refused."""

    predictions: Path
    references: tuple[Path, ...] | None
    data: Path | None
    fold: int | None
    share: str | None
    model: Path | None
    with_training_cases: bool
    cases: Path | None
    against: Path | None
    output: Path
    threshold: float
    minimum_ml: float
    regions: Path | None
    resamples: int


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("evaluate", help="measure predictions of any system against references")
    parser.add_argument(
        "--predictions",
        type=Path,
        required=True,
        metavar="DIR",
        help="masks (beside them nnU-Net's .npz, if saved), probability maps or detection maps named as the "
        "references, or results of segment",
    )
    words = "lesion masks, one file a case; of several folders, the first that has a case"
    parser.add_argument("--references", type=Path, nargs="+", metavar="DIR", help=words)
    add_dataset_option(parser)
    words = "with --data: the bundle whose answers they are, to which the cases must be new"
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help=words)
    parser.add_argument("--cases", type=Path, metavar="LIST", help="judge these cases alone: a file with a name a line")
    parser.add_argument("--against", type=Path, metavar="DIR", help="a second system's predictions, for paired tests")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the report")
    parser.add_argument("--threshold", type=real(0, 1), default=0.5, help="a map is lesion from here on (default: 0.5)")
    parser.add_argument("--minimum-ml", type=real(0, 1000, "mL"), default=0, help="smallest component (default: 0)")
    parser.add_argument("--regions", type=Path, metavar="DIR", help="masks (the gland) to measure calibration in")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.set_defaults(options=EvaluateOptions, run=run)


def run(options: EvaluateOptions) -> int:
    judged(options)
    return 0


def judged(options: EvaluateOptions) -> Evaluation:
    """The report is written, and the headline told."""
    from ..core.storage.output import writing_folder
    from ..evaluation.evaluate import Protocol, judge_folder
    from ..evaluation.plots import write_plots
    from ..evaluation.summary import KIND, NAMES, evaluation_of, flattered, write_summary

    references = _references(options)
    folders = [folder for folder in (options.predictions, options.against) if folder is not None]
    if not options.with_training_cases:
        _require_new(folders, references)
    protocol = Protocol(options.threshold, options.minimum_ml, options.resamples, options.regions)
    with writing_folder(options.output, KIND, NAMES) as draft:
        systems = [judge_folder(folder, references, protocol) for folder in folders]
        if len({system.name for system in systems}) < len(systems):
            systems[1] = replace(systems[1], name=f"{systems[1].name} (against)")
        evaluation = evaluation_of(protocol, *systems)
        write_summary(evaluation, draft.folder)
        write_plots(systems, draft.folder)
    for system in systems:
        if system.flattered:
            print(flattered(system))
    for name in HEADLINE:
        values = [figures[name].value for figures in evaluation.figures]
        print(f"{name}: {' against '.join('-' if value is None else f'{value:.4f}' for value in values)}")
    remark(f"The report is in {options.output}; see evaluation.md.")
    return evaluation


def _references(options: EvaluateOptions) -> Mapping[str, Path]:
    """By case. InputError where it is not clear which are meant."""
    if (options.references is None) == (options.data is None):
        raise InputError("Give the references with --references, or with --data the dataset that holds them.")
    if options.data is None and (options.fold is not None or options.share or options.model):
        raise InputError("--fold, --share and --model are of a dataset; give it with --data.")
    if options.fold is not None and options.share:
        raise InputError("Give --fold or --share, not both.")
    if options.share and options.model is None:
        raise InputError("Which fold the test share is, its model tells; name it with --model.")
    from ..evaluation.references import listed_cases, references_in

    found = references_in(options.references) if options.references else _labels(options)
    return found if options.cases is None else listed_cases(found, options.cases)


def _labels(options: EvaluateOptions) -> Mapping[str, Path]:
    """The very labels that were prepared."""
    from ..bundle.config import read_config
    from ..training.manifest import LABEL, read_manifest
    from ..training.unseen import cases_of_fold, check_unchanged, unseen_cases

    assert options.data is not None
    manifest = read_manifest(options.data)
    if options.model is None:
        cases = cases_of_fold(manifest, options.fold)
    else:
        cases = unseen_cases(manifest, options.fold, read_config(options.model), options.with_training_cases)
    check_unchanged(manifest, cases)
    return {case.name: manifest.path(case, LABEL) for case in cases}


def _require_new(folders: Sequence[Path], references: Mapping[str, Path]) -> None:
    """InputError where figures would flatter a model, as far as its results tell."""
    from ..evaluation.volumes import find_cases, of_training_case

    for folder in folders:
        answers = find_cases(folder)
        seen = sum(case in references and of_training_case(path) for case, path in answers.items())
        if seen:
            raise InputError(
                f"{seen} of the answers in '{folder.name}' are to studies that the model was trained on; judge others "
                "(--share test, --fold, --cases), or say --with-training-cases."
            )
