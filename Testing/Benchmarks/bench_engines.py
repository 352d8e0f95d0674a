"""Our engines beside the real nnU-Net predictor on the same networks, in one run and one table: docs/bench.md.

    OMP_NUM_THREADS=1 python Testing/Benchmarks/bench_engines.py

Every way computes in a process of its own, with one thread, in turns: the machine may be busy, so CPU seconds count.
nnU-Net and OpenVINO come with the extra `bench`; rows of what is not installed are left out.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from bench_inputs import FULL_SIZE, PATCH, STUDY, middle, write_inputs
from engines_table import MIRRORS, ROUNDS, TILES, Measured, Way, installed, report, rows
from spent import spent

from ProstateAlignRefineLib.bundle.starter import starter_bundle_path
from ProstateAlignRefineLib.core.geometry import Array

REPORT = Path(__file__).resolve().parents[2] / "docs" / "bench.md"
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
OURS = (
    Way("torch", "torch", "torch"),
    Way("onnx", "onnxruntime", "**ONNX Runtime**"),
    Way("openvino", "openvino", "OpenVINO (benchmark only)"),
)
ONE_TILE = Way("nnunet-tile", "nnunetv2", "nnU-Net, given the region alone, no mirroring", rounds=1)
NO_MIRRORING = Way("nnunet-tiles", "nnunetv2", "nnU-Net, no mirroring", TILES, rounds=1)
DEFAULT = Way("nnunet-default", "nnunetv2", "nnU-Net, default", TILES * MIRRORS, rounds=1)
ONE_TILE_MIRRORED = Way("nnunet-mirrored-tile", "nnunetv2", "nnU-Net, default", MIRRORS, rounds=1, counts=TILES)
"""Of the full-size network one tile is mirrored, and counted as often as there are tiles, which all cost the same."""
WAYS: Mapping[str, tuple[Way, ...]] = {
    "starter": (*OURS, ONE_TILE, NO_MIRRORING, DEFAULT),
    FULL_SIZE: (*OURS, ONE_TILE, NO_MIRRORING, ONE_TILE_MIRRORED),
}


def measured(network: str, bundle: Path, inputs: Path) -> list[Measured]:
    ways = [way for way in WAYS[network] if installed(way.needs)]
    kept: dict[str, list[dict[str, float]]] = {way.name: [] for way in ways}
    for turn in range(ROUNDS):
        for way in (way for way in ways if turn < way.rounds):
            print(f"{network}, round {turn + 1}: {way.name}", file=sys.stderr, flush=True)
            child = Path(__file__).with_name("measured_way.py")
            command = [sys.executable, child, way.name, bundle, inputs, inputs / f"{network}-{way.name}.npy"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=ONE_THREAD)
            if done.returncode:
                sys.exit(f"{way.name} failed:\n{done.stderr}")
            kept[way.name].append(json.loads(done.stdout.splitlines()[-1]))
    return [
        Measured(
            way,
            {name: statistics.median(one[name] for one in kept[way.name]) for name in kept[way.name][0]},
            margin_of(np.load(inputs / f"{network}-{way.name}.npy")),
        )
        for way in ways
    ]


def margin_of(logits: Array) -> Array:
    """Of the region, which lies in the middle of whatever was read."""
    margin: Array = (logits[1] - logits[0])[middle(logits.shape[1:], PATCH)]
    return margin


def cold_segment(inputs: Path) -> float:
    """CPU seconds of the command, from its start to its end: the median of as many runs as there are rounds."""
    ways = (["segment", inputs / STUDY, "-o", inputs / f"result-{turn}", "--device", "cpu"] for turn in range(ROUNDS))
    return statistics.median(spent(way, ONE_THREAD)[0] for way in ways)


def main() -> None:
    table: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        write_inputs(inputs)
        table += rows("starter", measured("starter", starter_bundle_path(), inputs), cold_segment(inputs))
        table += rows(FULL_SIZE, measured(FULL_SIZE, inputs / FULL_SIZE, inputs), None)
    REPORT.write_text(report(table), encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
