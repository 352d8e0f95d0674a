"""`prostate-align-refine gate`: another tau, alpha or sensitivity on stored maps, in a second and without torch."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.gate import check_gate
from ..core.plain_lines import remark
from ..core.storage.output import writing_folder
from ..results.folder import KIND, NAMES, read_result, write_gated
from ..results.gland_words import gland_text
from ..results.setting import check_false_positives
from .model_options import add_false_positives
from .segment import print_cautions, print_findings


@dataclass(frozen=True)
class GateOptions:
    output: Path
    tau: float | None
    alpha: float | None
    false_positives: float | None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("gate", help="redo a result with another gate or sensitivity")
    parser.add_argument("output", type=Path, metavar="OUT", help="a folder that `segment` has written")
    parser.add_argument("--tau", type=float, help="confidence above which the refiner edits (default: as it was)")
    parser.add_argument("--alpha", type=float, help="how strongly it edits (default: as it was)")
    add_false_positives(parser, "as it was", None)
    parser.set_defaults(options=GateOptions, run=run)


def run(options: GateOptions) -> int:
    stored = read_result(options.output)
    tau = stored.setting.tau if options.tau is None else options.tau
    alpha = stored.setting.alpha if options.alpha is None else options.alpha
    rate = stored.setting.false_positives if options.false_positives is None else options.false_positives
    check_gate(tau, alpha)
    check_false_positives(rate)
    result = replace(stored, setting=replace(stored.setting.moved(tau, alpha), false_positives=rate))
    with writing_folder(options.output, KIND, NAMES, kept=stored.files) as draft:
        written = write_gated(draft.folder, result)
        draft.hashed.update(written.files)
    print_findings(written, result)
    print(gland_text(result.anatomy.gland, result.run))
    remark(
        f"With tau {tau:g} and alpha {alpha:g} the refiner added {written.added} and removed {written.removed} voxels."
    )
    print_cautions(result.run)
    return 0
