"""A region in overlapping tiles, at nnU-Net's places and with its weights, so that its figures can be reproduced."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

STEP = 0.5  # of a tile, at most
SIGMA = 0.125  # of a tile: the Gaussian that weighs its voxels

Triple: TypeAlias = tuple[int, int, int]


def tile_starts(size: int, tile: int) -> list[int]:
    """First voxels of the tiles along an axis: as few as keep the step, evenly spread from edge to edge."""
    room = size - tile
    steps = math.ceil(room / (tile * STEP))
    return [round(room * n / steps) for n in range(steps + 1)] if steps else [0]


def tile_places(shape: Sequence[int], tile: Sequence[int]) -> list[tuple[Triple, tuple[slice, slice, slice]]]:
    """Of every tile in a region of `shape`: its first voxel and what it covers."""
    depth, height, width = tile
    return [
        ((z, y, x), (slice(z, z + depth), slice(y, y + height), slice(x, x + width)))
        for z, y, x in itertools.product(*map(tile_starts, shape, tile))
    ]


def tile_weights(tile: Sequence[int]) -> NDArray[np.float32]:
    """[Z, Y, X]: a Gaussian about the middle voxel."""
    z, y, x = (np.exp(-0.5 * ((np.arange(n) - n // 2) / (n * SIGMA)) ** 2).astype(np.float32) for n in tile)
    weights: NDArray[np.float32] = z[:, None, None] * y[None, :, None] * x[None, None, :]
    return weights


def tiled(
    image: NDArray[np.float32],
    tile: Sequence[int],
    maps_of: Callable[[NDArray[np.float32], Triple], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Weighted mean of `maps_of` (tile [C, Z, Y, X], its first voxel) over an image no smaller than a tile."""
    shape, weights = image.shape[1:], tile_weights(tile)
    total, weight = np.zeros(0, np.float32), np.zeros(shape, np.float32)
    for start, place in tile_places(shape, tile):
        channels = (slice(None), *place)
        maps = maps_of(np.ascontiguousarray(image[channels]), start)
        total = total if total.size else np.zeros((len(maps), *shape), np.float32)
        total[channels] += maps * weights
        weight[place] += weights
    mean: NDArray[np.float32] = total / weight
    return mean
