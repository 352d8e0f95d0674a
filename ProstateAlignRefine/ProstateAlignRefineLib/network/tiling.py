"""`core.tiling` in torch, for networks that tile inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..core.tiling import Triple, tile_places, tile_weights


def tiled(image: Tensor, tile: Sequence[int], maps_of: Callable[[Tensor, Triple], Tensor]) -> Tensor:
    """Weighted mean of `maps_of` (tile [B, C, Z, Y, X], its first voxel) over an image no smaller than a tile."""
    shape = image.shape[2:]
    weights = torch.from_numpy(tile_weights(tile)).to(image.device)
    total, weight = torch.zeros(()), torch.zeros(shape, device=image.device)
    for start, place in tile_places(shape, tile):
        all_of_it = (..., *place)
        maps = maps_of(image[all_of_it], start)
        if not total.ndim:
            total = torch.zeros((*maps.shape[:2], *shape), device=image.device)
        total[all_of_it] += maps * weights
        weight[place] += weights
    return total / weight
