"""`prostate-align-refine teach-refiner`: a bundle in, the same with a boundary refiner out, or a refusal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

RATE, SEED, EVERY = 2e-3, 0, 50
VALIDATION_OFFSET = 10_000
"""From the first seed of the studies to learn from to that of those to judge on."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "teach-refiner",
        help="teach a model to edit the outlines of its findings, on synthetic studies",
        description="The network stays as it is; a small refiner learns where its findings' outlines lie. "
        "Refused, with the figures, where outlines do not get better than by a constant shift of the threshold.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="a bundle with a prompted head")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle")
    parser.add_argument("--cases", type=int, default=360, help="synthetic studies to learn from (default: 360)")
    parser.add_argument("--validation", type=int, default=64, help="others to judge it on (default: 64)")
    parser.add_argument("--steps", type=int, default=1500, help="of four findings each (default: 1500)")
    parser.add_argument("--first-seed", type=int, default=600_000, help="of the studies (default: 600000)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N, of the network (default: auto)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..core.errors import InputError
    from ..inference.device import choose_compute
    from ..network.bundle import load_bundle
    from ..training.boundary.fit import Fitting
    from ..training.boundary.phantoms import phantom_edit_cases
    from ..training.boundary.teaching import settings_for, taught, write_taught

    if min(arguments.cases, arguments.validation, arguments.steps) < 1 or arguments.first_seed < 0:
        raise InputError("--cases, --validation and --steps must be 1 or more and --first-seed must not be negative.")
    if arguments.cases > VALIDATION_OFFSET:
        raise InputError(f"--cases must not be above {VALIDATION_OFFSET}, or it would learn what it is judged on.")
    bundle = load_bundle(arguments.model)
    settings, compute = settings_for(bundle), choose_compute(arguments.device)
    first = arguments.first_seed
    learned = range(first, first + arguments.cases)
    unseen = range(first + VALIDATION_OFFSET, first + VALIDATION_OFFSET + arguments.validation)
    training, validation = (
        [
            case
            for study in tqdm(phantom_edit_cases(bundle, settings, seeds, compute), name, len(seeds))
            for case in study
        ]
        for name, seeds in (("studies", learned), ("validation", unseen))
    )
    with tqdm(total=arguments.steps, desc="refiner", unit="step") as bar:
        fitting = Fitting(arguments.steps, RATE, SEED, EVERY)
        result = taught(bundle, settings, training, validation, fitting, progress=lambda _step, loss: _show(bar, loss))
    write_taught(arguments.output, bundle, result)
    print(f"The model and its boundary refiner are in {arguments.output}.")
    return 0


def _show(bar: tqdm[None], loss: float) -> None:
    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
    bar.update()
