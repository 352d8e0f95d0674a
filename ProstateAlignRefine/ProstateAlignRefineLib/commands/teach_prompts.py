"""`prostate-align-refine teach-prompts`: a bundle in, the same with a prompted head out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from .numbers import fold
from .progress import show_loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..bundle.config import ModelConfig
    from ..inference.device import Compute
    from ..network.bundle import Bundle
    from ..training.prompts.cases import PromptCase
    from ..training.provenance import Source

RATE, SEED = 3e-3, 0


@dataclass(frozen=True)
class TeachPromptsOptions:
    model: Path
    output: Path
    cases: int
    steps: int
    first_seed: int
    data: Path | None
    fold: int | None
    device: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "teach-prompts",
        help="teach a model what prompts mean, on synthetic studies",
        description="The network stays as it is; a small head learns on what it sees in synthetic studies. A refiner "
        "of outlines reads the head's words, so it is left out, with the rule of findings that was fitted behind it.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="a bundle that tells the anatomy")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="the new bundle")
    parser.add_argument("--cases", type=int, default=300, help="synthetic studies to learn from (default: 300)")
    parser.add_argument("--steps", type=int, default=2500, help="of two studies each (default: 2500)")
    parser.add_argument("--first-seed", type=int, default=500_000, help="of the studies (default: 500000)")
    parser.add_argument(
        "--data", type=Path, metavar="DATASET", help="what prepare made, zones included, to learn from instead"
    )
    parser.add_argument("--fold", type=fold, help="of it, kept out for tests (default: the model's test fold)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.set_defaults(options=TeachPromptsOptions, run=run)


def run(options: TeachPromptsOptions) -> int:
    from tqdm import tqdm

    from ..bundle.ensemble import require_single
    from ..bundle.summary import CARD_FILE
    from ..core.errors import InputError
    from ..inference.device import choose_compute
    from ..network.bundle import load_bundle, save_bundle
    from ..training.engine_files import offer_engine_files
    from ..training.prompts.fit import Fitting, fit, new_head
    from ..training.prompts.phantoms import settings_for
    from ..training.provenance import with_head_of, with_words_of
    from ..training.unseen import with_trained_on

    if options.cases < 1 or options.steps < 1 or options.first_seed < 0:
        raise InputError("--cases and --steps must be 1 or more and --first-seed must not be negative.")
    bundle = load_bundle(options.model)
    require_single(bundle.config, "taught prompts")
    if not bundle.config.architecture.anatomy:
        raise InputError("The model tells no anatomy, so words of place have nothing to hold to; use one that does.")
    read, count, source, marks = _studies(options, bundle, choose_compute(options.device))
    cases = list(tqdm(read, "studies", count, unit="study"))
    card = (bundle.path / CARD_FILE).read_text(encoding="utf-8")
    if source:
        told = with_trained_on(with_head_of(bundle.config, source), marks)
        card, bundle = with_words_of(card, bundle.config, told), replace(bundle, config=told)
    head = new_head(cases, settings_for(bundle))
    with tqdm(total=options.steps, desc="prompts", unit="step") as bar:
        fit(head, cases, Fitting(options.steps, RATE, SEED), lambda _step, loss: show_loss(bar, loss))
    config, card = (bundle.config, card) if bundle.boundary is None else _without_refiner(bundle.config, card)
    mirrored = bundle.mirrored_text
    save_bundle(options.output, bundle.network, config, bundle.text, card, mirrored_text=mirrored, prompted=head)
    offer_engine_files(options.output)
    remark(f"The model and its prompted head are in {options.output}.")
    return 0


def _studies(
    options: TeachPromptsOptions, bundle: Bundle, compute: Compute
) -> tuple[Iterator[PromptCase], int, Source | None, frozenset[str]]:
    """The cases to learn from, how many, and, where they are not synthetic, what they are and their marks."""
    from ..training.manifest import read_manifest
    from ..training.prompts.dataset import dataset_prompt_cases, teaching_cases
    from ..training.prompts.phantoms import phantom_prompt_cases
    from ..training.provenance import Source
    from ..training.unseen import fold_to_keep, marks_of

    if options.data is None:
        seeds = range(options.first_seed, options.first_seed + options.cases)
        return phantom_prompt_cases(bundle, seeds, compute), len(seeds), None, frozenset()
    manifest = read_manifest(options.data)
    fold = fold_to_keep(manifest, options.fold, bundle.config)
    cases = teaching_cases(manifest, fold)
    said = f"{len(cases)} studies of a data set, all outside fold {fold}, with its labels and zones."
    source = Source(synthetic=False, data=said, licence=manifest.licence, details="")
    return dataset_prompt_cases(bundle, manifest, cases, compute), len(cases), source, marks_of(cases)


def _without_refiner(config: ModelConfig, card: str) -> tuple[ModelConfig, str]:
    """Both without the refiner, which had learned the words of before, and the rule of findings behind it; says so."""
    from ..training.taught_parts import (
        FINDINGS_HEADING,
        REFINER_HEADING,
        network_gate,
        without_refiner,
        without_section,
    )

    for heading in (REFINER_HEADING, FINDINGS_HEADING):
        card = without_section(card, heading)
    rest = without_refiner(config)
    gate = f"tau {rest.tau:g}, alpha {rest.alpha:g}"
    known = network_gate(config) is not None
    told = f"that of the network, {gate}" if known else f"{gate}, which edits nothing: the network's own is not noted"
    print(
        "The refiner of outlines had learned the words of before: it is left out, with the rule of findings. The gate "
        f"is {told}. Run teach-refiner and teach-findings again."
    )
    return rest, card
