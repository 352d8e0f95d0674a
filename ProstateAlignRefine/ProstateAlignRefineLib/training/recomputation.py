"""Less memory for more time: what the backward pass needs is computed once more instead of kept."""

from __future__ import annotations

from torch import nn

from ..network.blocks import ResidualStage


def set_recomputed(network: nn.Module, recomputed: bool) -> None:
    """Of all residual stages of our own networks; those of others have none."""
    for stage in residual_stages(network):
        stage.recomputed = recomputed


def residual_stages(network: nn.Module) -> list[ResidualStage]:
    """Wherever in the network they are."""
    return [module for module in network.modules() if isinstance(module, ResidualStage)]
