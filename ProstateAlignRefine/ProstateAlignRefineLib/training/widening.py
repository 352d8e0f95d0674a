"""The weights of a narrower network in a wider one, which so starts out computing the same (Net2Net, Chen 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..bundle.config import Architecture
from ..network.blocks import Fusion, ResidualBlock
from ..network.decoder import DecoderLevel
from ..network.network import AlignRefineNetwork


def is_as_wide(architecture: Architecture, narrow: Architecture) -> bool:
    """Whether the two differ in nothing, or only in `architecture` having more features in some stages."""
    features, fewer = architecture.features_per_stage, narrow.features_per_stage
    if len(features) != len(fewer) or replace(narrow, features_per_stage=features) != architecture:
        return False
    return all(n >= m for n, m in zip(features, fewer, strict=True))


@torch.no_grad()
def widen(given: Mapping[str, Tensor], wide: AlignRefineNetwork) -> None:
    """Copies the weights of a network into `wide`, whose architecture is as wide (`is_as_wide`).

    The features of the narrower come first in every stage and read none of the new ones, so both networks compute the
    same. The new features keep their random weights, to be read once training finds them of use. This holds for norms
    that treat every feature by itself, as instance norm does.
    """
    parts = _parts(wide)
    for name, weights in wide.state_dict().items():
        _copy(given[name], weights, parts.get(name, 1))


def _parts(network: AlignRefineNetwork) -> dict[str, int]:
    """The layers, by the name of their weights, that read several maps side by side, and how many."""
    layers: dict[nn.Module, int] = {}
    for module in network.modules():
        if isinstance(module, Fusion):
            layers[module.conv] = len(network.encoders)
        elif isinstance(module, DecoderLevel):
            first = module.blocks[0]
            assert isinstance(first, ResidualBlock)
            layers |= dict.fromkeys((first.conv1, first.shortcut), 2)
    return {f"{name}.weight": layers[layer] for name, layer in network.named_modules() if layer in layers}


def _copy(given: Tensor, weights: Tensor, parts: int) -> None:
    if given.shape == weights.shape:
        weights.copy_(given)
    elif given.ndim == 1:
        weights[: len(given)] = given
    else:
        outputs = len(given)
        weights[:outputs] = 0
        for old, new in zip(given.chunk(parts, dim=1), weights[:outputs].chunk(parts, dim=1), strict=True):
            new[:, : old.shape[1]] = old
