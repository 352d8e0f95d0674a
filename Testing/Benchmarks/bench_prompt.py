"""What a new prompt costs on a study that was read, as a share of a run's computing; without torch, in one process.

    python Testing/Benchmarks/bench_prompt.py [--rounds 3]

A run and a prompt take turns, each measured in processor seconds; reading, checks and writing would add to a run's.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.inference.asking import with_prompt
from ProstateAlignRefineLib.inference.engine.choice import compute_for, load_for
from ProstateAlignRefineLib.inference.segment import answer, forward_pass
from ProstateAlignRefineLib.phantom import make_phantom

PROMPTS = ("left lesion", "12 mm, right PZ, mid-gland to apex")
SEED = 600005


def silent(_stage: str, _done: int, _all: int) -> None:
    """Progress is not measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    bundle, cpu = load_for(starter_bundle_path(), True), compute_for(starter_bundle_path())
    study = make_phantom(SEED).study  # on grids like a scanner's
    full: list[float] = []
    again: list[float] = []
    for number in range(rounds + 1):
        started = time.process_time()
        seen = forward_pass(study, bundle, cpu, silent)
        answer(seen, bundle, silent)
        full.append(time.process_time() - started)
        started = time.process_time()
        answer(seen, with_prompt(bundle, PROMPTS[number % 2]), silent)
        again.append(time.process_time() - started)
    run, prompt = float(np.median(full[1:])), float(np.median(again[1:]))  # the first round loads
    print(f"A run {run:.2f} CPU s, a new prompt {prompt:.2f}: {prompt / run:.2f} of it (medians of {rounds} rounds).")


if __name__ == "__main__":
    main()
