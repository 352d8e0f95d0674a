"""The network over a region: one forward where it fits, Gaussian-weighted tiles where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from ..core.geometry import Grid, resample, to_array, to_image
from ..core.maps import MAP_NAMES, Maps
from ..model.bundle import Bundle
from ..model.config import Triple
from ..model.network import foreground_confidence
from ..model.positions import Window
from .device import Compute

TILE_OVERLAP = 0.5

# What a T2W voxel outside the region gets: background at a margin no gate setting can lift.
OUTSIDE = {"base_margin": -20.0, "refined_margin": -20.0, "confidence": 0.0, "similarity": 0.0}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """How a region [C, Z, Y, X] goes through the network: `tile` (z, y, x) is the padded region itself or a patch."""

    padded: tuple[int, ...]
    tile: tuple[int, ...]
    forwards: int


def plan_forwards(bundle: Bundle, shape: tuple[int, ...], compute: Compute, tiled: bool = False) -> Plan:
    """`shape`: the region's (z, y, x). Tiles where it does not fit in one forward, or where `tiled` asks for them."""
    divisor = bundle.config.architecture.size_divisor
    padded = tuple(-(-n // d) * d for n, d in zip(shape, divisor, strict=True))
    if not tiled and compute.fits(int(np.prod(padded)), bundle.config.architecture.features_per_stage[0]):
        return Plan(padded, padded, 1)
    tile = tuple(bundle.config.preprocessing.patch_size)
    padded = tuple(max(n, t) for n, t in zip(padded, tile, strict=True))
    step = [max(1, int(t * (1 - TILE_OVERLAP))) for t in tile]
    counts = [max(1, -(-(n - t) // s) + 1) for n, t, s in zip(padded, tile, step, strict=True)]
    return Plan(padded, tile, int(np.prod(counts)))


@torch.inference_mode()
def predict(
    bundle: Bundle, volumes: NDArray[np.float32], plan: Plan, compute: Compute, progress: Progress
) -> NDArray[np.float32]:
    """[C, Z, Y, X] z-scored volumes to [4, Z, Y, X]: the maps in the order of `MAP_NAMES`.

    `progress(done, all)` is called after each forward.
    """
    network, text = bundle.network.to(compute.device), bundle.text.to(compute.device)
    done = 0
    region: Triple = volumes.shape[1:]

    def maps_of(image: Tensor, start: Triple) -> Tensor:
        nonlocal done
        with compute.autocast:
            output = network(image, text, Window(start, region))
        base, refined = output.base_logits[0].float(), output.refined_logits.float()
        confidence = foreground_confidence(base, bundle.config.confidence)
        done += 1
        progress(done, plan.forwards)
        return torch.cat([_margin(base), _margin(refined), confidence, output.similarity.float()], dim=1)

    image = torch.from_numpy(volumes)[None]
    excess = [a - b for a, b in zip(plan.padded, image.shape[2:], strict=True)]
    image = pad(image, (0, excess[2], 0, excess[1], 0, excess[0])).to(compute.device)
    whole = maps_of(image, (0, 0, 0)) if plan.forwards == 1 else _tiled(image, plan, maps_of)
    z, y, x = region
    return whole[0, :, :z, :y, :x].cpu().numpy()


def maps_on(grid: Grid, region: Grid, stacked: NDArray[np.float32]) -> Maps:
    """The maps [4, Z, Y, X] of `region`, linearly interpolated onto `grid` (the T2W grid)."""
    arrays = {
        name: to_array(resample(to_image(values, region), grid, outside=OUTSIDE[name])).astype(np.float32)
        for name, values in zip(MAP_NAMES, stacked, strict=True)
    }
    return Maps(grid, **arrays)


def _tiled(image: Tensor, plan: Plan, maps_of: Callable[[Tensor, Triple], Tensor]) -> Tensor:
    # Importing MONAI takes longer than a forward, and most studies need no tiles.
    from monai.inferers.utils import sliding_window_inference

    def tile_maps(tile: Tensor, places: Sequence[Sequence[slice]]) -> Tensor:
        z, y, x = (axis.start for axis in places[0][2:])
        return maps_of(tile, (z, y, x))

    whole = sliding_window_inference(
        image, plan.tile, 1, tile_maps, overlap=TILE_OVERLAP, mode="gaussian", with_coord=True
    )
    assert isinstance(whole, Tensor)
    return whole


def _margin(logits: Tensor) -> Tensor:
    """Foreground minus background logit, [B, 1, Z, Y, X]."""
    return logits[:, 1:2] - logits[:, 0:1]
