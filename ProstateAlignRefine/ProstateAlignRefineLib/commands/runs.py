"""`prostate-align-refine runs compare A B`: two finished training runs side by side."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from .numbers import resamples


@dataclass(frozen=True)
class RunsOptions:
    action: str
    first: Path
    second: Path
    resamples: int


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "runs",
        help="compare finished training runs",
        description="Prints what two runs were, what they reached on the same test cases, and paired tests of that.",
    )
    parser.add_argument("action", choices=("compare",), help="what to do with them")
    parser.add_argument("first", type=Path, metavar="A", help="folder of a run, as train wrote it")
    parser.add_argument("second", type=Path, metavar="B", help="another one")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.set_defaults(options=RunsOptions, run=run)


def run(options: RunsOptions) -> int:
    from ..training.run_comparison import FinishedRun, compare_runs

    print(compare_runs(FinishedRun.of(options.first), FinishedRun.of(options.second), options.resamples)[1])
    return 0
