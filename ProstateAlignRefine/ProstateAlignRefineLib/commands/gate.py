"""`prostate-align-refine gate`: another tau or alpha on stored maps, in a second and without torch."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..core.gate import check_gate
from ..core.storage.output import writing_folder
from ..results.folder import KIND, NAMES, read_result, write_gated
from ..results.report import gland_line, lesion_table
from .segment import print_cautions


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("gate", help="redo lesions, edits, SEG, report and overview with another gate")
    parser.add_argument("output", type=Path, metavar="OUT", help="a folder that `segment` has written")
    parser.add_argument("--tau", type=float, help="confidence above which the refiner edits (default: as it was)")
    parser.add_argument("--alpha", type=float, help="how strongly it edits (default: as it was)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    stored = read_result(arguments.output)
    tau = stored.setting.tau if arguments.tau is None else arguments.tau
    alpha = stored.setting.alpha if arguments.alpha is None else arguments.alpha
    check_gate(tau, alpha)
    result = replace(stored, setting=stored.setting.moved(tau, alpha))
    with writing_folder(arguments.output, KIND, NAMES, kept=stored.files) as draft:
        outcome = write_gated(draft.folder, result)
    print(lesion_table(outcome.lesions))
    print(gland_line(result.anatomy.gland))
    print(
        f"With tau {tau:g} and alpha {alpha:g} the refiner added {outcome.added} and removed {outcome.removed} voxels."
    )
    print_cautions(result.run)
    return 0
