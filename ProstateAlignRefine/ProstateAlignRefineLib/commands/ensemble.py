"""`prostate-align-refine ensemble`: several bundles in, one bundle out whose answer is their mean."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..core.plain_lines import remark


@dataclass(frozen=True)
class EnsembleOptions:
    models: tuple[Path, ...]
    output: Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "ensemble",
        help="make one model bundle of several, whose answer is their mean",
        description="The mean of the members' margins, similarity and shares of the gland's zones, at the mean of "
        "their gates. The members must be of one configuration. Prompted heads, refiners of outlines and rules of "
        "findings are left out, which the model card says; teach-findings fits a rule to the ensemble.",
    )
    parser.add_argument("models", type=Path, nargs="+", metavar="BUNDLE", help="the members: two bundles or more")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle")
    parser.set_defaults(options=EnsembleOptions, run=run)


def run(options: EnsembleOptions) -> int:
    from ..training.ensemble import write_ensemble

    made = write_ensemble(options.models, options.output)
    for line in made.left_out:
        print(f"Left out of {line}.")
    remark(f"The ensemble of {len(options.models)} models is in {options.output}.")
    return 0
