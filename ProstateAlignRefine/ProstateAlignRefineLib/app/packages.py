"""What is installed into Slicer's Python, and how much that is: the one list of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """`download_mb`, `disk_mb`: with all that it brings along and Slicer lacks; of the largest platform."""

    requirement: str
    download_mb: int
    disk_mb: int


# What the worker imports beyond numpy and SimpleITK. The test suite compares it with pyproject.toml.
WORKER = (
    Package("onnxruntime>=1.20", 29, 90),
    Package("safetensors>=0.4.3", 1, 2),
    Package("psutil>=5.9", 1, 2),
)
PACS = (Package("pynetdicom>=3.0", 2, 10), Package("dicomweb-client>=0.60", 1, 2))
# Slicer is built upon these; another version of one breaks it.
PROTECTED = ("numpy", "SimpleITK", "vtk", "requests", "pydicom", "scipy")
MB_A_SECOND = 1.0
"""Of a slow network."""


def requirements(packages: Sequence[Package]) -> tuple[str, ...]:
    """As pip takes them, with the oldest version that will do."""
    return tuple(package.requirement for package in packages)


def minutes(packages: Sequence[Package]) -> int:
    """At most, on a slow network; at least one."""
    return max(1, round(sum(package.download_mb for package in packages) / MB_A_SECOND / 60 + 0.5))
