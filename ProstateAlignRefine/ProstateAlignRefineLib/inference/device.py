"""Which device computes, at which precision, and whether its memory suffices. Torch is imported where it is asked."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import psutil

from ..core.errors import InputError
from ..core.threads import threads

if TYPE_CHECKING:
    import torch

INSTALL = 'in the clone: pip install ".[torch]"'
DEVICES = re.compile(r"auto|cpu|cuda(:\d{1,3})?|mps")
PRECISIONS = ("auto", "fp32", "bf16")
NVIDIA_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
AMD_DRIVER = Path("/dev/kfd")

_LIVE_MAPS = 16
"""Full-resolution maps of the first stage's width that a forward needs at its fullest: three encoders' skips, their
concatenation and what fuses them are 10 (32 features) to 19 (8), and libraries copy to rearrange; measured in float32
for 32 features on a CPU: 15."""


class Device(Protocol):
    """`type`: cpu, cuda or mps, as torch.device has it."""

    @property
    def type(self) -> str: ...


@dataclass(frozen=True)
class WithoutTorch:
    """The CPU, by the engine that needs no torch."""

    type: str = "cpu"


FAST_CPU: Final = WithoutTorch()


@dataclass(frozen=True)
class Compute:
    """A device and the precision of its autocast (weights stay float32). `device`: a torch.device or FAST_CPU."""

    device: Device
    precision: str

    @property
    def without_torch(self) -> bool:
        """Whether ONNX Runtime computes, so that torch is never imported."""
        return isinstance(self.device, WithoutTorch)

    @property
    def torch_device(self) -> torch.device:
        """Only where torch computes."""
        import torch

        assert isinstance(self.device, torch.device)
        return self.device

    @property
    def description(self) -> str:
        """One line for the user and the report: kind and name of the device, free memory or threads, precision."""
        if self.without_torch:
            return f"CPU: ONNX Runtime, {threads()} threads, {self.precision}"
        import torch

        if self.device.type == "cuda":
            device = self.torch_device
            free, _ = torch.cuda.mem_get_info(device)
            return f"GPU: {torch.cuda.get_device_name(device)}, {free / 1e9:.1f} GB free, {self.precision}"
        if self.device.type == "mps":
            return f"GPU: Apple, {self.precision}"
        return f"CPU: torch, {torch.get_num_threads()} threads, {self.precision}"

    @property
    def autocast(self) -> torch.autocast:
        """The context that forward passes run in; it changes nothing in fp32."""
        import torch

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


def is_there(package: str) -> bool:
    """Whether it can be imported, without importing it."""
    try:
        return (package in sys.modules and sys.modules[package] is not None) or find_spec(package) is not None
    except (ImportError, ValueError):  # blocked, or set to None
        return False


def has_gpu() -> bool:
    """Whether torch is there and sees a GPU. Torch takes seconds to import, so the drivers are looked for first.

    Apple's is not counted: the network was never tried there; it can be asked for as mps.
    """
    if not is_there("torch") or not _has_driver():
        return False
    import torch

    return bool(torch.cuda.is_available())


def check_device(device: str, precision: str) -> None:
    """InputError where a name is unknown."""
    if not DEVICES.fullmatch(device):
        raise InputError(f"Device '{device}' is unknown; choose auto, cpu, cuda, cuda:N or mps.")
    if precision not in PRECISIONS:
        raise InputError(f"Precision '{precision}' is unknown; choose auto, fp32 or bf16.")


def choose_compute(device: str = "auto", precision: str = "auto", *, training: bool = False) -> Compute:
    """Torch's; names as in `check_device`. InputError where the device is not there.

    `training`: gradients are to be computed, too.
    """
    check_device(device, precision)
    import torch

    chosen = _device(device)
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


def on_torch_cpu() -> Compute:
    """In single precision, which every CPU has."""
    return choose_compute("cpu", "fp32")


def own_device(name: str, processes: int, local_rank: int) -> str:
    """`name`, or a GPU of its own for one of several processes that share `auto` or `cuda`."""
    if processes == 1 or name not in ("auto", "cuda") or not has_gpu():
        return name
    import torch

    return f"cuda:{local_rank % torch.cuda.device_count()}"


def _has_driver() -> bool:
    """Of a GPU that torch can use as cuda."""
    name = NVIDIA_DRIVERS.get(sys.platform)
    if name is None:
        return False
    try:
        ctypes.CDLL(name)
    except OSError:
        return AMD_DRIVER.exists()
    return True


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"Device '{name}' is not there ({torch.cuda.device_count()} GPUs found); choose --device cpu.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("Device 'mps' is not there; choose --device cpu.")
    return device


def _best_precision(device: torch.device, training: bool) -> str:
    """bf16 where the hardware computes in it; elsewhere it is emulated, and slower than fp32.

    Training on a CPU takes it only where that has tiles for it (AMX): elsewhere a step can be faster with it, too (see
    docs/training-speed.md), but how good a model it gives there was not measured.
    """
    import torch

    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    instructions = "_is_amx_tile_supported" if training else "_is_avx512_bf16_supported"
    native = getattr(torch.cpu, instructions, lambda: False)
    return "bf16" if device.type == "cpu" and native() else "fp32"
