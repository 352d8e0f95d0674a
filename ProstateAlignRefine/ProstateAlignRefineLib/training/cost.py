"""What a configuration asks of a computer, estimated without one: parameters, memory, operations, hours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from ..network.baselines import PARTS, make_network
from ..network.text import TextBatch
from .config import TrainingConfig
from .recomputation import residual_stages, set_recomputed

BACKWARD = 2  # times the forward's operations
STATES = {"sgd": 1, "adamw": 2}
"""Copies of the weights that the optimizer keeps, beside weights, gradients and moving average."""
HALF = 0.5  # of the activations' bytes in bf16
GPU_OPERATIONS = 25e12
"""A second, in bf16: about what nnU-Net's own training, of like networks, makes of an A100. Not measured here."""
WORKSPACE_BYTES = 1e9
TOKENS = 8  # a prompt, about
MAPS_A_STAGE = 12  # two blocks of two convolutions, norms and activations


@dataclass(frozen=True)
class Cost:
    """`step_operations`: floating point operations of one optimizer step. `gpu_bytes`: of memory in bf16, at most.

    All but `parameters` are estimates from the network's shapes; `gpu_hours` assumes `GPU_OPERATIONS` a second and
    leaves out validation.
    """

    parameters: int
    steps: int
    step_operations: float
    gpu_bytes: float

    @property
    def gpu_hours(self) -> float:
        """Of `GPU_OPERATIONS` a second, all steps."""
        return self.steps * self.step_operations / GPU_OPERATIONS / 3600


def cost_of(config: TrainingConfig) -> Cost:
    """Of the whole run, from one forward of a batch of patches on no device."""
    with torch.device("meta"):
        network = make_network(config.network, config.architecture, config.schedule.patch_size)
        schedule = config.schedule
        image = torch.zeros(schedule.batch_size, len(config.architecture.channels), *schedule.patch_size)
        text = _text(config)
    recomputed = schedule.gradient_checkpointing
    set_recomputed(network, recomputed)
    saved, again = _SavedBytes(), _LargestStage()
    for stage in residual_stages(network) if recomputed else ():
        stage.register_forward_pre_hook(lambda _stage, given: saved.see(given[0]))
        stage.register_forward_hook(lambda _stage, _given, made: again.see(made))
    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        network(image, text)
    weights = sum(parameter.numel() for parameter in network.parameters())
    copies = 2 + STATES[config.optimizer.kind] + (config.optimizer.average_decay > 0)
    epochs = schedule.joint_epochs + (schedule.refiner_epochs if PARTS[config.network].refiner else 0)
    return Cost(
        parameters=weights,
        steps=epochs * schedule.iterations,
        step_operations=float(counter.get_total_flops()) * (1 + BACKWARD + recomputed) * schedule.accumulate,
        gpu_bytes=4.0 * weights * copies + (saved.total + again.bytes) * HALF + WORKSPACE_BYTES,
    )


class _LargestStage:
    """What recomputing the largest stage takes for a while: about `MAPS_A_STAGE` maps of the size that comes out."""

    bytes = 0.0

    def see(self, made: Tensor) -> None:
        self.bytes = max(self.bytes, float(MAPS_A_STAGE * made.numel() * made.element_size()))


class _SavedBytes:
    """Adds up what is kept for the backward pass, every memory once."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._kept: list[Tensor] = []  # so that no address is used twice

    def pack(self, tensor: Tensor) -> Tensor:
        if not isinstance(tensor, torch.nn.Parameter):
            storage = tensor.untyped_storage()
            self._seen[storage._cdata] = storage.nbytes()
            self._kept.append(tensor)
        return tensor

    def see(self, tensor: Tensor) -> None:
        self.pack(tensor)

    @property
    def total(self) -> int:
        return sum(self._seen.values())


def _text(config: TrainingConfig) -> TextBatch:
    width, settings, batch = config.architecture.text_width, config.text, config.schedule.batch_size
    count = 1 if settings.tokens == "pooled" else TOKENS * len(settings.prompts)
    return TextBatch(
        torch.zeros(batch, width), torch.zeros(batch, count, width), torch.ones(batch, count, dtype=torch.bool)
    )
