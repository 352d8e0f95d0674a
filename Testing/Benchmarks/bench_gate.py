"""How long one tick of the gate's sliders takes in the scene, against working everything out again.

    python Testing/Benchmarks/bench_gate.py [--ticks 300]

Needs slicer-core. The scene holds a 640 x 640 x 27 study with the lesions, the edits and both segmentations; a tick
changes tau or alpha, writes mask and edits into the segments and counts them. The full recompute gates all voxels and
writes both label volumes whole; both run in the same process, in turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
import slicer

from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.core.boxes import Box
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.results.run import Run
from ProstateAlignRefineLib.results.setting import Paint
from ProstateAlignRefineLib.scene.live import Movable
from ProstateAlignRefineLib.scene.oriented import announce, empty_image, voxels
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.volumes import Inputs, add_volume

SIZE = (640, 640, 27)
LIMIT_MS = 16.0


def smooth_maps(seed: int = 0) -> Maps:
    """Blobs of both signs over the whole gland region: far more movable voxels than a real study has."""
    grid = Grid(SIZE, (0.3, 0.3, 3.0), (-96.0, -96.0, -40.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    rng = np.random.default_rng(seed)
    gland = np.full(grid.shape, -6.0, np.float32)
    region = (slice(3, 24), slice(200, 440), slice(200, 440))
    gland[region] = blobs(rng) * 2 - 3
    refined = gland.copy()
    refined[region] += blobs(rng) * 3
    confidence = (1 / (1 + np.exp(-gland))).astype(np.float32)
    return Maps(grid, gland, refined, confidence, confidence.copy())


def blobs(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise [21, 240, 240], standard deviation 1."""
    noise = sitk.GetImageFromArray(rng.standard_normal((21, 240, 240)).astype(np.float32))
    smooth = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(noise, (8.0, 8.0, 1.0)))
    return smooth / smooth.std()


def a_reading(maps: Maps) -> Reading:
    scene = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    volumes = [add_volume(scene, np.ones(maps.grid.shape, np.int16), maps.grid, name) for name in ("T2W", "ADC", "HBV")]
    run = Run(ModelFacts("m", "0" * 64, "", 0.35, 0.25, "p", 0.1), "p", "", "", {}, {}, {})
    return Reading.start(scene, Inputs(*volumes), maps, run)


def recompute(maps: Maps) -> Callable[[float, float], None]:
    whole = Box((0, 0, 0), maps.grid.shape)
    mask, edits = empty_image(maps.grid, whole), empty_image(maps.grid, whole)

    def tick(tau: float, alpha: float) -> None:
        gated = apply_gate(maps, tau, alpha)
        voxels(mask)[:] = gated.mask
        voxels(edits)[:] = gated.edits
        announce(mask)
        announce(edits)
        np.bincount(gated.edits.ravel(), minlength=3)

    return tick


def timed(tick: Callable[[float, float], object], settings: np.ndarray) -> np.ndarray:
    """Milliseconds a tick."""
    spent = []
    for tau, alpha in settings:
        start = time.perf_counter()
        tick(float(tau), float(alpha))
        spent.append((time.perf_counter() - start) * 1000)
    return np.array(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=300)
    ticks = parser.parse_args().ticks
    maps = smooth_maps()
    reading = a_reading(maps)
    settings = np.random.default_rng(1).uniform(0, 1, (ticks, 2))
    full = timed(recompute(maps), settings[: max(ticks // 10, 5)])
    timed(reading.preview, settings[:3])
    live = timed(reading.preview, settings)
    start = time.perf_counter()
    reading.commit()
    release = (time.perf_counter() - start) * 1000
    movable = Movable.of(maps, Paint()).index.size
    print(f"grid {SIZE}, {movable} movable voxels, {ticks} ticks")
    for name, spent in (("full recompute", full), ("live gate", live)):
        p50, p95 = np.percentile(spent, (50, 95))
        print(f"{name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, worst {spent.max():.2f} ms")
    print(f"full / live at p50: {np.median(full) / np.median(live):.0f}")
    print(f"release: {release:.0f} ms for {len(reading.lesions)} lesions")
    print(f"{'within' if np.percentile(live, 95) <= LIMIT_MS else 'above'} {LIMIT_MS:.0f} ms at p95")


if __name__ == "__main__":
    main()
