"""`prostate-align-refine gate`: another tau, alpha or sensitivity on stored maps, in a second and without torch."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..core.gate import check_gate
from ..core.storage.output import writing_folder
from ..results.folder import KIND, NAMES, read_result, write_gated
from ..results.report import gland_line
from ..results.setting import check_false_positives
from .segment import add_false_positives, print_cautions, print_findings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("gate", help="redo a result with another gate or sensitivity")
    parser.add_argument("output", type=Path, metavar="OUT", help="a folder that `segment` has written")
    parser.add_argument("--tau", type=float, help="confidence above which the refiner edits (default: as it was)")
    parser.add_argument("--alpha", type=float, help="how strongly it edits (default: as it was)")
    add_false_positives(parser, "as it was")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    stored = read_result(arguments.output)
    tau = stored.setting.tau if arguments.tau is None else arguments.tau
    alpha = stored.setting.alpha if arguments.alpha is None else arguments.alpha
    rate = stored.setting.false_positives if arguments.false_positives is None else arguments.false_positives
    check_gate(tau, alpha)
    check_false_positives(rate)
    result = replace(stored, setting=replace(stored.setting.moved(tau, alpha), false_positives=rate))
    with writing_folder(arguments.output, KIND, NAMES, kept=stored.files) as draft:
        outcome = write_gated(draft.folder, result)
    print_findings(outcome, result)
    print(gland_line(result.anatomy.gland))
    print(
        f"With tau {tau:g} and alpha {alpha:g} the refiner added {outcome.added} and removed {outcome.removed} voxels."
    )
    print_cautions(result.run)
    return 0
