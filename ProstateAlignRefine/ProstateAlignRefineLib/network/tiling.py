"""A region in overlapping tiles, at nnU-Net's places and with its weights, so that its figures can be reproduced."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..bundle.config import Triple

STEP = 0.5  # of a tile, at most
SIGMA = 0.125  # of a tile: the Gaussian that weighs its voxels


def tile_starts(size: int, tile: int) -> list[int]:
    """First voxels of the tiles along an axis: as few as keep the step, evenly spread from edge to edge."""
    room = size - tile
    steps = math.ceil(room / (tile * STEP))
    return [round(room * n / steps) for n in range(steps + 1)] if steps else [0]


def tile_weights(tile: Sequence[int]) -> Tensor:
    """[Z, Y, X]: a Gaussian about the middle voxel."""
    z, y, x = (torch.exp(-0.5 * ((torch.arange(n) - n // 2) / (n * SIGMA)) ** 2) for n in tile)
    return z[:, None, None] * y[None, :, None] * x[None, None, :]


def tiled(image: Tensor, tile: Sequence[int], maps_of: Callable[[Tensor, Triple], Tensor]) -> Tensor:
    """Weighted mean of `maps_of` (tile [B, C, Z, Y, X], its first voxel) over an image no smaller than a tile."""
    shape = image.shape[2:]
    weights = tile_weights(tile).to(image.device)
    total, weight = torch.zeros(()), torch.zeros(shape, device=image.device)
    for z, y, x in itertools.product(*map(tile_starts, shape, tile)):
        depth, height, width = (slice(start, start + size) for start, size in zip((z, y, x), tile, strict=True))
        maps = maps_of(image[..., depth, height, width], (z, y, x))
        if not total.ndim:
            total = torch.zeros((*maps.shape[:2], *shape), device=image.device)
        total[..., depth, height, width] += maps * weights
        weight[depth, height, width] += weights
    return total / weight
