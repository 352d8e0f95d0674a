"""One way to compute one network, measured in this very process: figures as JSON on the last line, logits to a file.

    python Testing/Benchmarks/measured_way.py WAY BUNDLE INPUTS OUTPUT

`INPUTS` holds what `bench_inputs.py` wrote.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench_inputs import FIELD, REGION, STUDY

FORWARDS, ANSWERS = 3, 3


def measure(way: str, bundle: Path, inputs: Path) -> tuple[dict[str, float], Any]:
    loading = time.process_time()
    run, answer = nnunet(way, bundle, inputs) if way.startswith("nnunet") else ours(way, bundle, inputs)
    figures = {"load": time.process_time() - loading}
    once = way in ("nnunet-tiles", "nnunet-default")
    cpu, wall, logits = fastest(run, 1 if once else FORWARDS)
    figures |= {"cpu": cpu, "wall": wall, "peak": peak_mb()}
    if answer is not None:
        answer()  # the first answer also imports what the later ones use
        figures["warm"], _, _ = fastest(answer, ANSWERS)
    return figures, logits


def peak_mb() -> float:
    """Of this program: `ru_maxrss` would also know how large the process was that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


def fastest(run: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """CPU seconds and wall seconds, each of its fastest run, and what the last one gave."""
    took, made = [], None
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        made = run()
        took.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in took), min(wall for _, wall in took), made


def ours(way: str, path: Path, inputs: Path) -> tuple[Callable[[], Any], Callable[[], Any] | None]:
    """One forward of the engine over the region; and, where the bundle is a trained one, the answer to a study."""
    from ProstateAlignRefineLib.core.study_files import match_study_files, read_study_files
    from ProstateAlignRefineLib.core.window import Window
    from ProstateAlignRefineLib.inference.device import FAST_CPU, Compute, on_torch_cpu
    from ProstateAlignRefineLib.inference.engine.choice import engine_of, load_for
    from ProstateAlignRefineLib.inference.segment import segment_study

    compute = on_torch_cpu() if way == "torch" else Compute(FAST_CPU, "fp32")
    if way == "openvino":
        from openvino_session import load_with_openvino

        bundle: Any = load_with_openvino(path)
    else:
        bundle = load_for(path, compute.without_torch)
    engine, region = engine_of(bundle, compute), np.load(inputs / REGION)

    def forward() -> Any:
        return engine.forward(region, Window((0, 0, 0), region.shape[1:]), False).base

    if bundle.prompted is None:
        return forward, None
    study = read_study_files(match_study_files(sorted((inputs / STUDY).iterdir())))
    return forward, lambda: segment_study(study, bundle, compute, lambda *_: None)


def nnunet(way: str, path: Path, inputs: Path) -> tuple[Callable[[], Any], None]:
    from nnunet_predictor import logits_of, predictor

    from ProstateAlignRefineLib.network.bundle import load_bundle

    made = predictor(load_bundle(path), way in ("nnunet-default", "nnunet-mirrored-tile"))
    volumes = np.load(inputs / (FIELD if way in ("nnunet-tiles", "nnunet-default") else REGION))
    return lambda: logits_of(made, volumes), None


if __name__ == "__main__":
    told, found = measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    np.save(sys.argv[4], found)
    print(json.dumps(told))
