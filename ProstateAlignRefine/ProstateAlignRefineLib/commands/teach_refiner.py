"""`prostate-align-refine teach-refiner`: a bundle in, the same with a boundary refiner out, or a refusal."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from .progress import show_loss

if TYPE_CHECKING:
    from ..phantom.generate import Family
    from ..training.boundary.cases import EditCase

RATE, SEED, EVERY = 2e-3, 0, 30
VALIDATION_OFFSET = 10_000
OTHER_OFFSET = 340_000
"""From the first seed of the studies to learn from to those of the others."""


@dataclass(frozen=True)
class TeachRefinerOptions:
    """`cases`, `validation`, `other`: how many studies of each."""

    model: Path
    output: Path
    cases: int
    validation: int
    other: int
    steps: int
    first_seed: int
    device: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "teach-refiner",
        help="teach a model to edit the outlines of its findings, on synthetic studies",
        description="The network stays as it is; a small refiner learns where its findings' outlines lie. "
        "Refused, with the figures, where outlines do not get better than by a constant.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="a bundle with a prompted head")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle")
    parser.add_argument("--cases", type=int, default=360, help="synthetic studies to learn from (default: 360)")
    parser.add_argument("--validation", type=int, default=64, help="others to judge it on (default: 64)")
    parser.add_argument("--other", type=int, default=60, help="of the other family, for one last look (default: 60)")
    parser.add_argument("--steps", type=int, default=90, help="of eight findings each (default: 90)")
    parser.add_argument("--first-seed", type=int, default=600_000, help="of the studies (default: 600000)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N, of the network (default: auto)")
    parser.set_defaults(options=TeachRefinerOptions, run=run)


def run(options: TeachRefinerOptions) -> int:
    from tqdm import tqdm

    from ..bundle.ensemble import require_single
    from ..core.errors import InputError
    from ..inference.device import choose_compute
    from ..network.bundle import load_bundle
    from ..training.boundary.fit import EditFitting
    from ..training.boundary.phantoms import phantom_edit_cases
    from ..training.boundary.teaching import Studies, settings_for, taught, write_taught
    from ..training.engine_files import offer_engine_files

    counts = options.cases, options.validation, options.other, options.steps
    if min(counts) < 1 or options.first_seed < 0:
        raise InputError("Studies and steps must be 1 or more each, and --first-seed must not be negative.")
    if options.cases > VALIDATION_OFFSET:
        raise InputError(f"--cases must not be above {VALIDATION_OFFSET}, or it would learn what it is judged on.")
    bundle = load_bundle(options.model)
    require_single(bundle.config, "taught to edit outlines")
    settings, compute = settings_for(bundle), choose_compute(options.device)

    def read(name: str, family: Family, first: int, count: int) -> list[EditCase]:
        studies = phantom_edit_cases(bundle, settings, range(first, first + count), compute, family)
        return [case for study in tqdm(studies, name, count, unit="study") for case in study]

    first = options.first_seed
    studies = Studies(
        read("studies", "standard", first, options.cases),
        read("validation", "standard", first + VALIDATION_OFFSET, options.validation),
        read("other family", "holdout", first + OTHER_OFFSET, options.other),
    )
    with tqdm(total=options.steps, desc="refiner", unit="step") as bar:
        fitting = EditFitting(options.steps, RATE, SEED, EVERY)
        result = taught(bundle, settings, studies, fitting, lambda _step, loss: show_loss(bar, loss))
    write_taught(options.output, bundle, result)
    offer_engine_files(options.output)
    remark(f"The model and its boundary refiner are in {options.output}.")
    return 0
