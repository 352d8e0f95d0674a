"""What would make an installation fail, found before it starts, each with what to do about it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import site
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .i18n import _

# The longest path inside site-packages that is installed, against Windows' limit of 260.
LONGEST_PREFIX = 110
SPARE_GB = 0.2


@dataclass(frozen=True)
class Problem:
    """`stops`: installing would fail for certain."""

    text: str
    stops: bool


@dataclass(frozen=True)
class Machine:
    """What is looked at."""

    system: str
    packages: Path
    free_gb: float
    long_paths: bool
    partial: tuple[str, ...]
    writable: bool


def this_machine(names: Sequence[str]) -> Machine:
    """`names`: of the packages that are to be installed."""
    packages = Path(sysconfig.get_paths()["purelib"])
    return Machine(
        system=platform.system(),
        packages=packages,
        free_gb=shutil.disk_usage(packages).free / 1e9,
        long_paths=_long_paths(),
        partial=tuple(name for name in names if _partial(name)),
        writable=bool(site.ENABLE_USER_SITE) or _is_writable(packages),
    )


def problems(machine: Machine, needed_gb: float) -> list[Problem]:
    """In the order they should be mended. Whether there is a network, pip says: it knows index and proxy."""
    needed = needed_gb + SPARE_GB
    found = [
        (not machine.writable, _read_only(machine), True),
        (machine.free_gb < needed, _disk(machine, needed), True),
        (machine.system == "Windows" and not machine.long_paths and _is_deep(machine.packages), _long_path(), True),
        (bool(machine.partial), _half(machine), True),
    ]
    return [Problem(text, stops) for applies, text, stops in found if applies]


def _read_only(machine: Machine) -> str:
    return _(
        "Slicer's packages lie in a folder that you cannot write, {folder}: let who installed Slicer install them, use "
        "a Slicer in a folder of your own, or choose under 'Advanced' a Python that has the packages."
    ).format(folder=machine.packages)


def _disk(machine: Machine, needed_gb: float) -> str:
    return _(
        "Only {free:.1f} GB are free where Slicer's packages lie; free some space, about {needed:.1f} GB are needed."
    ).format(free=machine.free_gb, needed=needed_gb)


def _long_path() -> str:
    return _(
        "Slicer lies in a deep folder, and Windows refuses paths beyond 260 characters: install Slicer in C:\\Slicer, "
        "or turn on long paths in Windows."
    )


def _half(machine: Machine) -> str:
    return _(
        "An earlier installation was left half done: close Slicer, delete '{packages}' in the folder {folder}, start "
        "Slicer again."
    ).format(packages="', '".join(machine.partial), folder=machine.packages)


def _is_writable(packages: Path) -> bool:
    """By trying, since Windows tells otherwise nothing true of folders."""
    try:
        with tempfile.TemporaryFile(dir=packages):
            return True
    except OSError:
        return False


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


def _partial(package: str) -> bool:
    """A folder without the package's own code imports as an empty namespace."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    return spec is not None and spec.origin is None
