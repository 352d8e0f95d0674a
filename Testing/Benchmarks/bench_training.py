"""How fast the starter model trains and answers on a CPU, by precision and by the layout of its weights.

    python Testing/Benchmarks/bench_training.py [--rounds 5]

A round measures every setting once, in turns, so that a noisy machine hurts all alike: a training step (forward and
backward of two patches) and, without gradients, the forward of one region with the refiner. What the program picks is
marked: `train` computes with the channels last, `segment` does not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    seconds = measured(parser.parse_args().rounds)
    picked = {
        "training step": (choose_compute("cpu", training=True).precision, "channels last"),
        "region": (choose_compute("cpu").precision, "contiguous"),
    }
    print(f"{torch.get_num_threads()} threads; times as fast as with bf16 and contiguous weights")
    for (name, *setting), time_taken in sorted(seconds.items()):
        ratio = seconds[name, "bf16", "contiguous"] / time_taken
        mark = " (picked)" if tuple(setting) == picked[name] else ""
        print(f"{name}, {', '.join(setting)}: {time_taken * 1e3:.0f} ms, {ratio:.2f}{mark}")


if __name__ == "__main__":
    main()
