"""How fast the starter model trains and answers on a CPU, by precision and by the layout of its weights.

    python Testing/Benchmarks/bench_training.py [--rounds 5] [--compile]

A round measures every setting once, in turns, so that a noisy machine hurts all alike: a training step (forward and
backward of two patches) and, without gradients, the forward of one region with the refiner. What the program picks is
marked: `train` computes with the channels last, `segment` does not. `--compile` also measures the training step by
`torch.compile`, in turns with the plain one; it needs a C++ compiler, and minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import torch

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.inference.device import Compute, choose_compute
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle

CPU = torch.device("cpu")
LAYOUTS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last_3d}
SETTINGS = tuple(product(("fp32", "bf16"), LAYOUTS))


def a_step(bundle: Bundle, compute: Compute) -> None:
    bundle.network.train().zero_grad()
    with compute.autocast:
        output = bundle.network(patches(2, bundle), bundle.text, refine=False)
    torch.stack([logits.square().mean() for logits in output.base_logits]).sum().backward()


@torch.inference_mode()
def a_region(bundle: Bundle, compute: Compute) -> None:
    with compute.autocast:
        bundle.network.eval()(patches(1, bundle), bundle.text)


def patches(count: int, bundle: Bundle) -> torch.Tensor:
    return torch.randn(count, len(bundle.config.architecture.channels), *bundle.config.preprocessing.patch_size)


WORK: dict[str, Callable[[Bundle, Compute], None]] = {"training step": a_step, "region": a_region}


def measured(rounds: int) -> dict[tuple[str, str, str], float]:
    """Median seconds of each work and setting; a first round, in which kernels are set up, does not count."""
    bundle = load_bundle(starter_bundle_path(), CPU)
    seconds: dict[tuple[str, str, str], list[float]] = {}
    for _ in range(rounds + 1):
        for (precision, layout), (name, run) in product(SETTINGS, WORK.items()):
            bundle.network.to(memory_format=LAYOUTS[layout])  # type: ignore[call-overload]
            start = time.perf_counter()
            run(bundle, Compute(CPU, precision))
            seconds.setdefault((name, precision, layout), []).append(time.perf_counter() - start)
    return {key: float(np.median(times[1:])) for key, times in seconds.items()}


def compiled(rounds: int, compute: Compute) -> tuple[float, dict[str, float]]:
    """Seconds of the first step by `torch.compile`, and the medians of further ones with it and without."""
    last = torch.channels_last_3d
    plain, other = (load_bundle(starter_bundle_path(), CPU) for _ in range(2))
    for bundle in (plain, other):
        bundle.network.to(memory_format=last)  # type: ignore[call-overload]
    ways = {"plain": plain, "compiled": replace(other, network=torch.compile(other.network))}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, bundle in ways.items():
            start = time.perf_counter()
            a_step(bundle, compute)
            seconds[name].append(time.perf_counter() - start)
    return seconds["compiled"][0], {name: float(np.median(times[1:])) for name, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    seconds = measured(options.rounds)
    picked = {
        "training step": (choose_compute("cpu", training=True).precision, "channels last"),
        "region": (choose_compute("cpu").precision, "contiguous"),
    }
    print(f"{torch.get_num_threads()} threads; times as fast as with bf16 and contiguous weights")
    for (name, *setting), time_taken in sorted(seconds.items()):
        ratio = seconds[name, "bf16", "contiguous"] / time_taken
        mark = " (picked)" if tuple(setting) == picked[name] else ""
        print(f"{name}, {', '.join(setting)}: {time_taken * 1e3:.0f} ms, {ratio:.2f}{mark}")
    if options.compile:
        first, medians = compiled(options.rounds, choose_compute("cpu", training=True))
        told = ", ".join(f"{name} {median * 1e3:.0f} ms" for name, median in medians.items())
        print(f"training step by torch.compile: the first {first:.0f} s; then {told}")


if __name__ == "__main__":
    main()
