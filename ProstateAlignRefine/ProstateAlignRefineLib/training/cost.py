"""What a configuration asks of a computer, estimated without one: parameters, memory, operations, hours."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from ..bundle.config import Triple
from ..network.baselines import PARTS, make_network
from ..network.text import TextBatch
from .config import TrainingConfig
from .loading import reads_whole_regions
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
    """Of the whole run, from one forward of a batch of patches, and of a whole region where it reads such, on no
    device."""
    schedule = config.schedule
    patches = _forward(config, schedule.patch_size, schedule.batch_size)
    most = patches.bytes
    if reads_whole_regions(config, schedule.joint_epochs - 1):
        most = max(most, _forward(config, whole_region(config), 1).bytes)
    copies = 2 + STATES[config.optimizer.kind] + (config.optimizer.average_decay > 0)
    epochs = schedule.joint_epochs + (schedule.refiner_epochs if PARTS[config.network].refiner else 0)
    forwards = 1 + BACKWARD + schedule.gradient_checkpointing
    return Cost(
        parameters=patches.weights,
        steps=epochs * schedule.iterations,
        step_operations=patches.operations * forwards * schedule.accumulate,
        gpu_bytes=4.0 * patches.weights * copies + most * HALF + WORKSPACE_BYTES,
    )


def whole_region(config: TrainingConfig) -> Triple:
    """Voxels (z, y, x) of a region that the slices cover from end to end, padded as the network needs it."""
    spacing, divisor = config.preprocessing.spacing_mm, config.architecture.size_divisor
    sides = (ceil(config.preprocessing.region_mm / step) for step in spacing)
    z, y, x = (-(-side // d) * d for side, d in zip(sides, divisor, strict=True))
    return z, y, x


@dataclass(frozen=True)
class _Forward:
    """`bytes`: kept for the backward pass in float32, at most."""

    weights: int
    operations: float
    bytes: float


def _forward(config: TrainingConfig, size: Triple, batch: int) -> _Forward:
    with torch.device("meta"):
        network = make_network(config.network, config.architecture, size)
        image = torch.zeros(batch, len(config.architecture.channels), *size)
        text = _text(config, batch)
    recomputed = config.schedule.gradient_checkpointing
    set_recomputed(network, recomputed)
    saved, again = _SavedBytes(), _LargestStage()
    for stage in residual_stages(network) if recomputed else ():
        stage.register_forward_pre_hook(lambda _stage, given: saved.see(given[0]))
        stage.register_forward_hook(lambda _stage, _given, made: again.see(made))
    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        network(image, text)
    weights = sum(parameter.numel() for parameter in network.parameters())
    return _Forward(weights, float(counter.get_total_flops()), saved.total + again.bytes)


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


def _text(config: TrainingConfig, batch: int) -> TextBatch:
    width, settings = config.architecture.text_width, config.text
    count = 1 if settings.tokens == "pooled" else TOKENS * len(settings.prompts)
    return TextBatch(
        torch.zeros(batch, width), torch.zeros(batch, count, width), torch.ones(batch, count, dtype=torch.bool)
    )
