"""What each engine needs for the starter model on one synthetic study, in one run: `make bench` keeps it in
docs/bench.md.

Every engine computes in a process of its own, with one thread, in turns: the machine may be busy, so CPU seconds count.
"""

from __future__ import annotations

import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path

REPORT = Path(__file__).resolve().parents[2] / "docs" / "bench.md"
ENGINES = {"torch": "torch, CPU, fp32", "onnx": "ONNX Runtime, CPU, fp32"}
ROUNDS, FORWARDS, SEED = 3, 3, 15
COLUMNS = (
    "engine",
    "load, CPU s",
    "first answer, CPU s",
    "next answer, CPU s",
    "wall s",
    "peak MB",
    "largest margin difference",
    "Dice",
)


def measure(engine: str, output: Path) -> None:
    """In a process of its own: figures as JSON on standard output, the base margin into `output`."""
    from ProstateAlignRefineLib.core.study import Study
    from ProstateAlignRefineLib.inference.device import FAST_CPU, Compute, on_torch_cpu
    from ProstateAlignRefineLib.inference.engine.choice import load_for
    from ProstateAlignRefineLib.inference.segment import answer, forward_pass
    from ProstateAlignRefineLib.phantom import make_phantom

    study: Study = make_phantom(SEED).study
    started = time.process_time()
    compute = Compute(FAST_CPU, "fp32") if engine == "onnx" else on_torch_cpu()
    bundle = load_for(starter_bundle_path(), compute.without_torch)
    times, walls = [time.process_time() - started], []
    for _ in range(FORWARDS):
        started, wall = time.process_time(), time.perf_counter()
        maps = answer(forward_pass(study, bundle, compute, lambda *_: None), bundle, lambda *_: None).maps
        times.append(time.process_time() - started)
        walls.append(time.perf_counter() - wall)
    np.save(output, maps.base_margin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"load": times[0], "first": times[1], "next": min(times[2:]), "wall": min(walls), "peak": peak}))


def rows() -> list[tuple[Any, ...]]:
    figures: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for engine, kept in figures.items():
                command = [sys.executable, __file__, engine, str(Path(folder) / engine)]
                kept.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        margins = {engine: np.load(Path(folder) / f"{engine}.npy") for engine in ENGINES}
    wanted = margins["torch"]
    made = []
    for engine, kept in figures.items():
        told = {name: statistics.median(one[name] for one in kept) for name in kept[0]}
        found, true = margins[engine] > 0, wanted > 0
        dice = 2 * (found & true).sum() / (found.sum() + true.sum())
        difference = np.abs(margins[engine] - wanted).max()
        times = (f"{told[name]:.2f}" for name in ("load", "first", "next", "wall"))
        made.append((ENGINES[engine], *times, f"{told['peak']:.0f}", f"{difference:.1e}", f"{dice:.4f}"))
    return made


def report(table: list[tuple[Any, ...]]) -> str:
    lines = [" | ".join(map(str, row)) for row in (COLUMNS, ["---"] * len(COLUMNS), *table)]
    shown = "\n".join(f"| {line} |" for line in lines)
    return f"""# Engines beside each other

Made by `OMP_NUM_THREADS=1 python Testing/Benchmarks/bench_engines.py` on {processor()}, Python
{platform.python_version()}: the starter model on a synthetic study (seed {SEED}), one thread, medians of {ROUNDS}
rounds in turns. An answer is preprocessing, network, maps and outlines; loading includes importing the engine.
Differences and Dice are against torch's.

{shown}
"""


def processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        REPORT.write_text(report(rows()), encoding="utf-8")
        print(REPORT.read_text(encoding="utf-8"))
