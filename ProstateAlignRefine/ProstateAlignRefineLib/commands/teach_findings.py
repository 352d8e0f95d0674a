"""`prostate-align-refine teach-findings`: a bundle in, the same with a rule that tells a finding's confidence out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark

if TYPE_CHECKING:
    from ..phantom.generate import Family

MEASURED_ON: dict[Family, int] = {"standard": 610_000, "holdout": 950_000}
"""First seed by family; the network was trained on none of these."""


@dataclass(frozen=True)
class TeachFindingsOptions:
    model: Path
    output: Path
    cases: int
    first_seed: int
    measured: int
    device: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "teach-findings",
        help="teach a model how sure to be of a finding, on synthetic studies",
        description="The network stays as it is; a logistic rule is fitted on what it finds in synthetic studies at "
        "the bundle's own gate, its operating point chosen in cross-validation. The coefficients stand in bundle.json.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="the bundle to teach")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle")
    parser.add_argument("--cases", type=int, default=300, help="synthetic studies to fit on (default: 300)")
    parser.add_argument("--first-seed", type=int, default=600_000, help="of these studies (default: 600000)")
    parser.add_argument(
        "--measured", type=int, default=60, help="further studies of either family to measure it on (default: 60)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.set_defaults(options=TeachFindingsOptions, run=run)


def run(options: TeachFindingsOptions) -> int:
    from tqdm import tqdm

    from ..benchmark.card import FAMILY_NAMES
    from ..bundle.rewriting import rewrite_bundle
    from ..bundle.summary import CARD_FILE
    from ..core.errors import InputError
    from ..core.storage.output import require_apart
    from ..inference.device import choose_compute
    from ..network.bundle import load_bundle
    from ..training.findings.fit import fitted
    from ..training.findings.phantoms import gate_of, phantom_finding_cases
    from ..training.findings.section import with_findings

    if min(options.cases, options.measured) < 1 or options.first_seed < 0:
        raise InputError("--cases and --measured must be 1 or more and --first-seed must not be negative.")
    seeds = range(options.first_seed, options.first_seed + options.cases)
    if any(first < seeds.stop and seeds.start < first + options.measured for first in MEASURED_ON.values()):
        raise InputError("The studies to fit on would be measured on, too; give another --first-seed.")
    require_apart(options.output, [options.model])
    bundle, compute = load_bundle(options.model), choose_compute(options.device)
    cases = list(tqdm(phantom_finding_cases(bundle, seeds, compute), "fit", len(seeds), unit="study"))
    measured = {}
    for family, first in MEASURED_ON.items():
        others = range(first, first + options.measured)
        read = phantom_finding_cases(bundle, others, compute, family)
        measured[f"{FAMILY_NAMES[family]}, seeds from {first}"] = list(tqdm(read, family, len(others), unit="study"))
    rule = fitted(cases, gate_of(bundle))
    card = (bundle.path / CARD_FILE).read_text(encoding="utf-8")
    text = with_findings(card, rule, f"{seeds[0]} to {seeds[-1]}", measured)
    rewrite_bundle(bundle.path, options.output, replace(bundle.config, findings=rule), text)
    remark(f"The model and its rule of findings are in {options.output}.")
    return 0
