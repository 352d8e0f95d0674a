"""What would make an installation fail, found before it starts, each with what to do about it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import socket
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from .i18n import _

NEEDED_GB = 8
# torch's longest path inside site-packages, against Windows' limit of 260.
LONGEST_PREFIX = 110
INDEX = ("pypi.org", 443)
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Problem:
    """`stops`: installing would fail for certain."""

    text: str
    stops: bool


@dataclass(frozen=True)
class Machine:
    """What is looked at."""

    system: str
    processor: str
    packages: Path
    free_gb: float
    long_paths: bool
    online: bool
    partial_torch: bool


def this_machine() -> Machine:
    packages = Path(sysconfig.get_paths()["purelib"])
    return Machine(
        system=platform.system(),
        processor=platform.machine(),
        packages=packages,
        free_gb=shutil.disk_usage(packages).free / 1e9,
        long_paths=_long_paths(),
        online=_online(),
        partial_torch=_partial("torch"),
    )


def problems(machine: Machine) -> list[Problem]:
    """In the order they should be mended."""
    found = [
        (machine.free_gb < NEEDED_GB, _disk(machine), True),
        (machine.system == "Windows" and not machine.long_paths and _is_deep(machine.packages), _long_path(), True),
        (machine.partial_torch, _half_torch(machine.packages), True),
        (not machine.online, _offline(), True),
        (machine.system == "Darwin" and machine.processor == "x86_64", _intel_mac(), True),
    ]
    return [Problem(text, stops) for applies, text, stops in found if applies]


def _disk(machine: Machine) -> str:
    return _(
        "Only {free:.1f} GB are free where Slicer's packages lie; free some space, about {needed} GB are needed."
    ).format(free=machine.free_gb, needed=NEEDED_GB)


def _long_path() -> str:
    return _(
        "Slicer lies in a deep folder, and Windows refuses paths beyond 260 characters: install Slicer in C:\\Slicer, "
        "or turn on long paths in Windows."
    )


def _half_torch(packages: Path) -> str:
    return _(
        "An earlier installation of torch was left half done: close Slicer, delete the folder 'torch' in {folder}, "
        "start Slicer again."
    ).format(folder=packages)


def _offline() -> str:
    return _(
        "The package index cannot be reached. Connect to the network, or choose under 'Advanced' a Python that has the "
        "packages."
    )


def _intel_mac() -> str:
    return _(
        "On macOS, Slicer runs as an Intel program, for which there is no recent torch. Choose under "
        "'Advanced' a Python of your own with the package prostate-align-refine."
    )


def _is_deep(packages: Path) -> bool:
    return len(str(packages)) > LONGEST_PREFIX


def _long_paths() -> bool:
    """Windows' own switch; true elsewhere."""
    if sys.platform != "win32":
        return True
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return bool(winreg.QueryValueEx(opened, "LongPathsEnabled")[0])
    except OSError:
        return False


def _online() -> bool:
    try:
        with socket.create_connection(INDEX, PATIENCE_SECONDS):
            return True
    except OSError:
        return False


def _partial(package: str) -> bool:
    """A folder without the package's own code imports as an empty namespace."""
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is None
