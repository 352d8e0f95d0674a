"""The network over a region: in one forward, or in Gaussian-weighted tiles where a network was published so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..bundle.config import Confidence, Triple
from ..core.anatomy import GlandZone, outside_gland_penalty
from ..core.geometry import Grid, resample, to_array, to_image
from ..core.maps import MAP_NAMES, Maps
from ..core.tiling import tile_starts, tiled
from ..core.window import Window
from .device import Compute
from .engine.choice import Loaded, engines_of
from .engine.protocol import Outputs
from .ensemble import averaged
from .mirroring import mirrored

FOREGROUND = 1

# What a T2W voxel outside the region gets: background at a margin no gate setting can lift.
OUTSIDE = {"base_margin": -20.0, "refined_margin": -20.0, "confidence": 0.0, "similarity": 0.0}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ForwardPlan:
    """How a region [C, Z, Y, X] goes through the network: `tile` (z, y, x) is the padded region itself or a patch.

    `before`: how much of the padding lies before the region, the rest behind it.
    """

    padded: tuple[int, ...]
    tile: tuple[int, ...]
    forwards: int
    before: tuple[int, ...] = (0, 0, 0)


def plan_forwards(bundle: Loaded, shape: tuple[int, ...], compute: Compute) -> ForwardPlan:
    """`shape`: the region's (z, y, x). InputError where the computer's memory cannot hold a forward.

    One forward, however little memory there is: a tile's instance norm sees the tile alone, so tiles give another
    answer. They are for networks published with them, and no network with an anatomy head is: whether a place is in the
    gland, and how far from it, only the whole region tells.
    """
    architecture, divisor = bundle.config.architecture, bundle.config.architecture.size_divisor
    if bundle.config.inference.tiles == "always" and not architecture.anatomy:
        plan = _plan_tiles(bundle.config.preprocessing.patch_size, shape)
    else:
        padded = tuple(-(-n // d) * d for n, d in zip(shape, divisor, strict=True))
        plan = ForwardPlan(padded, padded, 1)
    compute.check_memory(int(np.prod(plan.tile)), architecture.features_per_stage[0])
    return plan


def _plan_tiles(tile: Triple, shape: tuple[int, ...]) -> ForwardPlan:
    padded = tuple(map(max, shape, tile))
    counts = [len(tile_starts(n, t)) for n, t in zip(padded, tile, strict=True)]
    before = tuple((n - m) // 2 for n, m in zip(padded, shape, strict=True))
    return ForwardPlan(padded, tile, int(np.prod(counts)), before)


def predict(
    bundle: Loaded, volumes: NDArray[np.float32], plan: ForwardPlan, compute: Compute, progress: Progress
) -> NDArray[np.float32]:
    """[C, Z, Y, X] z-scored volumes to [4, Z, Y, X]: the maps in the order of `MAP_NAMES`.

    Of a network with an anatomy head [9, Z, Y, X]: the probabilities of `GlandZone` follow, and lesions far outside the
    gland are doubted. With a prompted head the decoder features that it reads follow. `progress(done, all)` is called
    after each forward. GpuMemoryError where that is so.
    """
    stacked = undoubted(bundle, volumes, plan, compute, progress)
    return _doubted(stacked, bundle.config.preprocessing.spacing_mm) if len(stacked) > len(MAP_NAMES) else stacked


def undoubted(
    bundle: Loaded, volumes: NDArray[np.float32], plan: ForwardPlan, compute: Compute, progress: Progress
) -> NDArray[np.float32]:
    """`predict` before any doubt: the networks' own words, in which nothing hangs on a voxel being in the gland."""
    engines, axes = engines_of(bundle, compute), bundle.config.inference.mirror_axes
    done = 0
    region: Triple = volumes.shape[1:]

    def maps_of(image: NDArray[np.float32], start: Triple) -> NDArray[np.float32]:
        nonlocal done
        z, y, x = (first - padding for first, padding in zip(start, plan.before, strict=True))
        window = Window((z, y, x), region)
        output = averaged([mirrored(engine.forward, image, window, axes) for engine in engines])
        done += 1
        progress(done, plan.forwards)
        return _maps(output, bundle.config.confidence)

    behind = [a - b - c for a, b, c in zip(plan.padded, plan.before, region, strict=True)]
    image = np.pad(volumes, ((0, 0), *zip(plan.before, behind, strict=True)))
    whole = maps_of(image, (0, 0, 0)) if plan.forwards == 1 else tiled(image, plan.tile, maps_of)
    z, y, x = (slice(b, b + n) for b, n in zip(plan.before, region, strict=True))
    stacked: NDArray[np.float32] = whole[:, z, y, x]
    return stacked


def maps_on(grid: Grid, region: Grid, stacked: NDArray[np.float32]) -> Maps:
    """What `predict` gave on `region`, linearly interpolated onto `grid` (the T2W grid)."""

    arrays: dict[str, NDArray[np.float32]] = {}
    for name, values in zip(MAP_NAMES, stacked, strict=False):
        unrefined = name == "refined_margin" and np.array_equal(values, stacked[0])  # a boundary refiner follows
        known = arrays["base_margin"].copy() if unrefined else _on_grid(values, grid, region, OUTSIDE[name])
        arrays[name] = known
    return Maps(grid, **arrays, zones=zones_on(grid, region, stacked))


def zones_on(grid: Grid, region: Grid, stacked: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """Codes of `GlandZone` on `grid` by the interpolated shares; None of a network without an anatomy head."""
    shares = stacked[len(MAP_NAMES) : len(MAP_NAMES) + len(GlandZone)]
    if not len(shares):
        return None
    zones = np.zeros(grid.shape, np.uint8)
    largest = _on_grid(shares[GlandZone.OUTSIDE], grid, region, 1.0)
    for zone in list(GlandZone)[1:]:
        share = _on_grid(shares[zone], grid, region, 0.0)
        zones[share > largest] = zone
        np.maximum(largest, share, out=largest)
    return zones


def zones_of(stacked: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Codes of `GlandZone` [Z, Y, X] from what `predict` gave of a network with an anatomy head."""
    shares = stacked[len(MAP_NAMES) : len(MAP_NAMES) + len(GlandZone)]
    codes: NDArray[np.uint8] = shares.argmax(axis=0).astype(np.uint8)
    return codes


def _on_grid(values: NDArray[np.float32], grid: Grid, region: Grid, outside: float) -> NDArray[np.float32]:
    array: NDArray[np.float32] = to_array(resample(to_image(values, region), grid, outside=outside))
    return array


def _maps(output: Outputs, kind: Confidence) -> NDArray[np.float32]:
    """What `predict` gives, of one forward and before any doubt."""
    shares = [_softmax(output.zones)] if len(output.zones) else []
    maps = [_margin(output.base), _margin(output.refined), _confidence(output.base, kind), _sigmoid(output.similarity)]
    kept = [output.features] if len(output.features) else []
    stacked: NDArray[np.float32] = np.concatenate([*maps, *shares, *kept])
    return stacked


def _doubted(stacked: NDArray[np.float32], spacing_zyx: tuple[float, float, float]) -> NDArray[np.float32]:
    """Margins and confidence lowered by the distance from the gland that the network itself found."""
    zones = zones_of(stacked)
    z, y, x = spacing_zyx
    axes = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    penalty = outside_gland_penalty(zones, Grid(zones.shape[::-1], (x, y, z), (0.0, 0.0, 0.0), axes))
    result: NDArray[np.float32] = stacked.copy()
    for name in ("base_margin", "refined_margin"):
        result[MAP_NAMES.index(name)] -= penalty
    confidence = MAP_NAMES.index("confidence")
    kept = np.exp(-penalty)  # of the odds
    result[confidence] = kept * result[confidence] / (1 - result[confidence] * (1 - kept))
    return result


def _margin(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Foreground minus background logit, [1, Z, Y, X]."""
    return logits[FOREGROUND:] - logits[:FOREGROUND]


def _confidence(logits: NDArray[np.float32], kind: Confidence) -> NDArray[np.float32]:
    """What the gate's tau is compared with, [1, Z, Y, X]; see `ModelConfig.confidence`."""
    return _sigmoid(logits[FOREGROUND:] if kind == "sigmoid_foreground_logit" else _margin(logits))


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # of exp; the share is then 0, as it should be
        share: NDArray[np.float32] = np.reciprocal(1 + np.exp(-values), dtype=np.float32)
    return share


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over the channels."""
    odds: NDArray[np.float32] = np.exp(logits - logits.max(axis=0))
    shares: NDArray[np.float32] = odds / odds.sum(axis=0)
    return shares
