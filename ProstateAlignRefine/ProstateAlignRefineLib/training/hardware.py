"""On what a run computes, in words for its model card. No name of the machine or its user."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import psutil
import torch

from ..inference.device import Compute

if sys.platform != "win32":
    import resource

_CPU_INFO = Path("/proc/cpuinfo")


def hardware(compute: Compute, processes: int) -> str:
    """Device, precision, processes, memory and versions."""
    several = f"{processes} x " if processes > 1 else ""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, {platform.system()}"
    if compute.device.type == "cuda":
        card = torch.cuda.get_device_properties(compute.torch_device)
        return f"{several}{card.name} ({card.total_memory / 2**30:.0f} GiB), {compute.precision}; {versions}"
    memory = psutil.virtual_memory().total / 2**30
    return f"{several}{_cpu()}, {torch.get_num_threads()} threads, {memory:.0f} GiB, {compute.precision}; {versions}"


def _cpu() -> str:
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_bytes(compute: Compute) -> int:
    """The most memory that this process has used so far: of the GPU where that computes, else of the computer."""
    if compute.device.type == "cuda":
        return torch.cuda.max_memory_allocated(compute.torch_device)
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024
