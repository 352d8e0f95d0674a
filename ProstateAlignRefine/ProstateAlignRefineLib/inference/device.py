"""Which device computes, at which precision, and whether its memory suffices."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
import torch

from ..core.errors import InputError

_LIVE_MAPS = 16
"""Full-resolution maps of the first stage's width that a forward needs at its fullest: three encoders' skips, their
concatenation and what fuses them are 10 (32 features) to 19 (8), and libraries copy to rearrange; measured in float32
for 32 features on a CPU: 15."""


@dataclass(frozen=True)
class Compute:
    """A device and the precision of its autocast (weights stay float32)."""

    device: torch.device
    precision: str

    @property
    def description(self) -> str:
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            return f"GPU: {torch.cuda.get_device_name(self.device)}, {free / 1e9:.1f} GB free, {self.precision}"
        return f"CPU: {torch.get_num_threads()} threads, {self.precision}"

    @property
    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def check_memory(self, voxels: int, width: int) -> None:
        """InputError where a forward on the CPU would end in the system's killing this or another program.

        A GPU says so itself, harmlessly.
        """
        if self.device.type != "cpu":
            return
        needed = voxels * width * (2 if self.precision == "bf16" else 4) * _LIVE_MAPS
        free = psutil.virtual_memory().available + psutil.swap_memory().free
        if needed > free:
            raise InputError(
                f"The network needs about {needed / 1e9:.1f} GB of memory for this region, and {free / 1e9:.1f} GB are "
                "free; close other programs, or use a GPU or a computer with more memory."
            )


def computed_otherwise(wanted: Compute, used: Compute) -> str:
    """Why something else computed than was wanted, a sentence; empty where nothing did."""
    if wanted.device.type != used.device.type:
        return "The GPU's memory did not suffice; computed on the CPU."
    if wanted.precision != used.precision:
        return f"The numbers grew too large for {wanted.precision}; computed in {used.precision}."
    return ""


def choose_compute(device: str = "auto", precision: str = "auto", *, training: bool = False) -> Compute:
    """`device`: auto | cpu | cuda | cuda:N; `precision`: auto | fp32 | bf16. InputError where it is not there.

    `training`: gradients are to be computed, too.
    """
    chosen = _device(device)
    if precision not in ("auto", "fp32", "bf16"):
        raise InputError(f"Precision '{precision}' is unknown; choose auto, fp32 or bf16.")
    if precision == "bf16" and chosen.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise InputError(f"The GPU {chosen} has no bf16; choose --precision fp32.")
    if precision == "auto":
        return Compute(chosen, _best_precision(chosen, training))
    imitated = precision == "bf16" and chosen.type == "cpu" and _best_precision(chosen, training=False) == "fp32"
    return Compute(chosen, "fp32" if imitated and not training else precision)


def told_precision(asked: str, compute: Compute) -> str:
    """Why a precision that was asked for is not used, a sentence; empty where it is."""
    if asked != "bf16" or compute.precision == "bf16":
        return ""
    return "This CPU does not compute in bf16 and would only imitate it, far slower; computing in fp32."


def own_device(name: str, processes: int, local_rank: int) -> str:
    """`name`, or a GPU of its own for one of several processes that share `auto` or `cuda`."""
    several = processes > 1 and name in ("auto", "cuda") and torch.cuda.is_available()
    return f"cuda:{local_rank % torch.cuda.device_count()}" if several else name


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"Device '{name}' is unknown; choose auto, cpu, cuda or cuda:N.") from None
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"Device '{name}' is not supported; choose auto, cpu, cuda or cuda:N.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"Device '{name}' is not there ({torch.cuda.device_count()} GPUs found); choose --device cpu.")
    return device


def _best_precision(device: torch.device, training: bool) -> str:
    """bf16 where the hardware computes in it; elsewhere it is emulated, and slower than fp32.

    The gradients of a narrow network's convolutions gain from bf16 only where a CPU has tiles for it (AMX); see
    Testing/Benchmarks/bench_training.py.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    instructions = "_is_amx_tile_supported" if training else "_is_avx512_bf16_supported"
    native = getattr(torch.cpu, instructions, lambda: False)
    return "bf16" if native() else "fp32"
