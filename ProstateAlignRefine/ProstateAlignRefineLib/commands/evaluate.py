"""`prostate-align-refine evaluate`: any system's predictions against references."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from .numbers import real, resamples

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
    predictions: Path
    references: Path
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
        help="masks, probability maps or detection maps named as the references, or results of segment",
    )
    parser.add_argument("--references", type=Path, required=True, metavar="DIR", help="lesion masks, one file a case")
    parser.add_argument("--against", type=Path, metavar="DIR", help="a second system's predictions, for paired tests")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the report")
    parser.add_argument("--threshold", type=real(0, 1), default=0.5, help="a map is lesion from here on (default: 0.5)")
    parser.add_argument("--minimum-ml", type=real(0, 1000, "mL"), default=0, help="smallest component (default: 0)")
    parser.add_argument("--regions", type=Path, metavar="DIR", help="masks (the gland) to measure calibration in")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.set_defaults(options=EvaluateOptions, run=run)


def run(options: EvaluateOptions) -> int:
    from ..core.storage.output import writing_folder
    from ..evaluation.evaluate import Protocol, judge_folder
    from ..evaluation.plots import write_plots
    from ..evaluation.summary import KIND, NAMES, evaluation_of, write_summary

    protocol = Protocol(options.threshold, options.minimum_ml, options.resamples, options.regions)
    with writing_folder(options.output, KIND, NAMES) as draft:
        systems = [
            judge_folder(folder, options.references, protocol)
            for folder in (options.predictions, options.against)
            if folder is not None
        ]
        if len({system.name for system in systems}) < len(systems):
            systems[1] = replace(systems[1], name=f"{systems[1].name} (against)")
        evaluation = evaluation_of(protocol, *systems)
        write_summary(evaluation, draft.folder)
        write_plots(systems, draft.folder)
    for name in HEADLINE:
        values = [figures[name].value for figures in evaluation.figures]
        print(f"{name}: {' against '.join('-' if value is None else f'{value:.4f}' for value in values)}")
    print(f"The report is in {options.output}; see evaluation.md.")
    return 0
