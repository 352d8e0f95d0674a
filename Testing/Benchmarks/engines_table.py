"""The table of `bench_engines.py`, and what stands around it in docs/bench.md."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from bench_inputs import FIELD_VOXELS, FULL_FEATURES, PATCH, SEED

from ProstateAlignRefineLib.core.geometry import Array
from ProstateAlignRefineLib.core.tiling import tile_places

PACKAGES = ("torch", "onnxruntime", "openvino", "nnunetv2")
TILES, MIRRORS = len(tile_places(FIELD_VOXELS, PATCH)), 8
ROUNDS = 3
COLUMNS = (
    "network",
    "computed by",
    "forwards",
    "load, CPU s",
    "logits, CPU s",
    "logits, wall s",
    "nnU-Net's default takes",
    "without mirroring",
    "peak MB",
    "largest margin difference",
    "Dice",
    "next answer, CPU s",
    "`segment`, CPU s",
)


@dataclass(frozen=True)
class Way:
    """A row: how often it is measured, of how many forwards, and how often what was measured counts."""

    name: str
    needs: str
    shown: str
    forwards: int = 1
    rounds: int = ROUNDS
    counts: int = 1


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds, and the margin [Z, Y, X] of the region."""

    way: Way
    figures: Mapping[str, float]
    margin: Array

    @property
    def cpu(self) -> float:
        """CPU seconds of the whole answer."""
        return self.figures["cpu"] * self.way.counts

    @property
    def forwards(self) -> int:
        """Of the whole answer."""
        return self.way.forwards * self.way.counts


def rows(network: str, found: list[Measured], cold: float | None) -> Iterator[tuple[str, ...]]:
    by_name = {one.way.name: one for one in found}
    references = [next((one for one in found if one.forwards == n), None) for n in (TILES * MIRRORS, TILES)]
    for one in found:
        way, figures = one.way, one.figures
        counted = f"{way.forwards} of {one.forwards} timed" if way.counts > 1 else str(way.forwards)
        apart = ("-", "-") if way.counts > 1 else compared(one.margin, by_name["torch"].margin)
        yield (
            network,
            way.shown,
            counted,
            f"{figures['load']:.2f}",
            f"{one.cpu:.2f}",
            f"{figures['wall'] * way.counts:.2f}",
            *(ratio(one, reference) for reference in references),
            f"{figures['peak']:.0f}",
            *apart,
            f"{figures['warm']:.2f}" if "warm" in figures else "-",
            f"{cold:.2f}" if cold is not None and way.name == "onnx" else "-",
        )


def ratio(one: Measured, reference: Measured | None) -> str:
    """CPU seconds of the reference over its own; nothing of the reference itself, or of what takes longer."""
    times = reference.cpu / one.cpu if reference else 0.0
    return "-" if reference is one or times < 1 else f"{times:.{1 if times < 10 else 0}f} x"


def compared(margin: Array, wanted: Array) -> tuple[str, str]:
    found, true = margin > 0, wanted > 0
    dice = 2 * (found & true).sum() / (found.sum() + true.sum())
    return f"{np.abs(margin - wanted).max():.1e}", f"{dice:.4f}"


def installed(package: str) -> str:
    """Its version; empty where it lacks."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def report(table: list[tuple[str, ...]]) -> str:
    shown = "\n".join(f"| {' | '.join(row)} |" for row in (COLUMNS, ["---"] * len(COLUMNS), *table))
    versions = ", ".join(f"{name} {installed(name)}" for name in PACKAGES if installed(name))
    widths = ", ".join(map(str, FULL_FEATURES))
    made = (
        "Made by `make bench`, that is `OMP_NUM_THREADS=1 python Testing/Benchmarks/bench_engines.py`, on "
        f"{processor()}, Python {platform.python_version()}, {versions}: one thread, medians of {ROUNDS} rounds in "
        f"turns; nnU-Net's rows were run once. The load average was {os.getloadavg()[2]:.0f} on {os.cpu_count()} "
        "cores: compare CPU seconds."
    )
    return f"""# Engines beside each other, and beside nnU-Net

{folded(made)}
{left_out()}
{shown}

- **Networks**: the starter model, and the same architecture with random weights as wide as nnU-Net plans one
  ({widths} features).
- **What is read**: a synthetic study (seed {SEED}) with a field of 192 mm, 24 slices of 3 mm. Both sides get the same
  normalised voxels of 3 x 1.5 x 1.5 mm: the engines the region of 120 mm that the program reads ({by(PATCH)}), in one
  forward; nnU-Net the whole field ({by(FIELD_VOXELS)}) in tiles as large as that region. `segment` and the next
  answer read again where the prostate lies off the images' middle ([why](method.md#where-the-network-reads)).
- **nnU-Net** is `nnUNetPredictor.predict_logits_from_preprocessed_data` of nnunetv2, as it is, around the same torch
  network with the same weights, less the refiner, which it does not have. Steps of half a tile make {TILES} tiles, its
  default mirroring along three axes {MIRRORS} forwards of each. Of the full-size network one tile was mirrored and
  counted {TILES} times. *nnU-Net's default takes* and *without mirroring*, CPU seconds over the row's own, so hold
  three things: the field against the region, mirroring, and the engine. What nnU-Net does before and after its network
  is not counted. Planning for itself it would choose other voxels and another patch.
- **Logits**: from normalised voxels to the network's logits. **Next answer**: a study after the first in a process,
  from volumes to maps and outlines, checks of the images included. **`segment`**: the command on a folder of files,
  from its start to its end, everything written, without torch.
- **Differences and Dice** (margin above 0) are against torch's, over the region. nnU-Net answers otherwise since its
  tiles see other surroundings, over which instance normalisation runs, and since it averages mirrored images; with
  random weights that says nothing of quality. Given the region alone its answer is the same but for the tile's edges,
  whose small weights it adds up in half precision.
"""


def left_out() -> str:
    missing = [name for name in PACKAGES if not installed(name)]
    if not missing:
        return ""
    return f'\nRows that need {" and ".join(missing)} are left out: run `pip install ".[bench]"` in the clone.\n'


def folded(line: str) -> str:
    return textwrap.fill(line, 120, break_long_words=False, break_on_hyphens=False)


def by(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))


def processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return names[0] if names else platform.processor()
