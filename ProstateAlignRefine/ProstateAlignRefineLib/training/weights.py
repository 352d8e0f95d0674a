"""Which weights train at which rate, and their moving average."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..core.errors import InputError
from ..core.storage.signed_file import signed_file
from ..network.baselines import SegmentationNetwork
from .config import OptimizerSettings
from .schedule import Phase

REFINER = "refiner"
NESTEROV_MOMENTUM = 0.99


def parameter_groups(
    network: SegmentationNetwork, phase: Phase, settings: OptimizerSettings
) -> list[dict[str, object]]:
    """Optimizer groups, each with `name`, `params` and `initial_rate`.

    Before the refiner's phase all weights but the refiner's train at `rate`; in it the refiner's train at
    `refiner_rate` and all others at `base_rate`, or not at all where that is 0. Weights outside the groups are frozen.
    """
    refiner = list(network.refiner.parameters())
    inside = {id(parameter) for parameter in refiner}
    base = [parameter for parameter in network.parameters() if id(parameter) not in inside]
    in_refiner_phase = phase is Phase.REFINER
    rates = {"base": settings.base_rate if in_refiner_phase else settings.rate}
    rates[REFINER] = settings.refiner_rate if in_refiner_phase else 0.0
    groups: list[dict[str, object]] = []
    for name, parameters in (("base", base), (REFINER, refiner)):
        _set_trainable(parameters, rates[name] > 0)
        if rates[name] > 0:
            groups.append({"name": name, "params": parameters, "initial_rate": rates[name]})
    return groups


def freeze_unused(network: SegmentationNetwork, phase: Phase) -> None:
    """Only what the phase's loss reads trains: the similarity head with the auxiliary losses, heads with a weight.

    The coarsest of several segmentation heads has none; the anatomy head's loss ends with the joint epochs. Without
    this, processes would wait for gradients that never come, and weight decay would shrink what nothing trains.
    """
    _set_trainable(network.similarity.parameters(), phase is Phase.AUXILIARY)
    if phase is Phase.REFINER and network.anatomy is not None:
        _set_trainable(network.anatomy.parameters(), False)
    if len(network.decoder.heads) > 1:
        _set_trainable(network.decoder.heads[0].parameters(), False)


def make_optimizer(groups: list[dict[str, object]], settings: OptimizerSettings) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum, as nnU-Net's, or AdamW; `groups`: parameters with rates of their own."""
    if settings.kind == "sgd":
        return torch.optim.SGD(
            groups, lr=settings.rate, momentum=NESTEROV_MOMENTUM, nesterov=True, weight_decay=settings.weight_decay
        )
    return torch.optim.AdamW(groups, lr=settings.rate, weight_decay=settings.weight_decay)


class MovingAverage:
    """Exponential moving average of a network's weights; young averages forget faster."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay, self.updates = decay, 0
        self.weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Takes in the weights of a step; counters are copied, since they have no mean."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, tensor in network.state_dict().items():
            kept = self.weights[name]
            kept.lerp_(tensor, 1 - decay) if kept.is_floating_point() else kept.copy_(tensor)


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """As safetensors, in place of an earlier file of ours."""
    with signed_file(path) as temporary:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, temporary)


def load_weights(network: nn.Module, path: Path) -> None:
    """Strict: every weight, no other. InputError where the file is damaged or of another network."""
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(f"The run's {path.name} cannot be read; name another output folder.") from error


def _set_trainable(parameters: Iterable[nn.Parameter], trainable: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(trainable)
