"""Which ball suits the trivial rules best: mean Dice on positives by radius, both families.

    python Testing/Benchmarks/rule_radius.py --cache DIR [--count 30] [--workers 2]

On seeds from 800000, of which no benchmark, training or validation phantom is made.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from ProstateAlignRefineLib.benchmark.phantom_study import load_phantom_study
from ProstateAlignRefineLib.benchmark.phantoms import cached_phantoms
from ProstateAlignRefineLib.benchmark.rules import brightest_hbv, lowest_adc
from ProstateAlignRefineLib.evaluation.metrics import overlap
from ProstateAlignRefineLib.phantom import Sampling
from ProstateAlignRefineLib.training.pool import mapped

FIRST_SEED = 800_000
SAMPLING = Sampling.of_field((0.75, 0.75, 3.0), (144.0, 144.0, 66.0))
RADII_MM = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0)
RULES = {"brightest HBV": brightest_hbv, "lowest ADC": lowest_adc}


def dice_by_radius(path: Path) -> np.ndarray | None:
    """[rules, radii] of one study; None where it has no lesion."""
    phantom = load_phantom_study(path)
    truth = phantom.lesions > 0
    if not truth.any():
        return None
    return np.array(
        [[overlap(truth, rule(phantom.study, phantom.gland, r).mask).dice for r in RADII_MM] for rule in RULES.values()]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where phantoms are kept")
    parser.add_argument("--count", type=int, default=30, help="studies of each family")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.count)
    make = partial(cached_phantoms, arguments.cache, seeds=seeds, sampling=SAMPLING, workers=arguments.workers)
    paths = [path for family in ("standard", "holdout") for path in make(family)]
    rows = [row for row in mapped(dice_by_radius, paths, arguments.workers) if row is not None]
    means = np.mean(rows, axis=0)
    print(f"{len(rows)} positives")
    for name, line in zip(RULES, means, strict=True):
        best = RADII_MM[int(line.argmax())]
        print(f"{name}: " + ", ".join(f"{r:g} mm {d:.3f}" for r, d in zip(RADII_MM, line, strict=True)), f"-> {best:g}")


if __name__ == "__main__":
    main()
