"""The worker's packages in Slicer's Python, at the first click: through slicer.packaging, or pip_install before it."""

from __future__ import annotations

import importlib
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from .i18n import _
from .preflight import Machine, problems, this_machine

# What the worker imports beyond numpy and SimpleITK. The test suite compares it with pyproject.toml.
PACKAGES = ("onnxruntime>=1.20", "safetensors>=0.4.3", "psutil>=5.9")
PACS_PACKAGES = ("pynetdicom>=3.0", "dicomweb-client>=0.60")
# Slicer is built upon these; another version of one breaks it.
PROTECTED = ("numpy", "SimpleITK", "vtk", "requests", "pydicom", "scipy")
NAME = "ProstateAlignRefine"


class Installer(Protocol):
    def missing(self) -> list[str]:
        """Names of packages that the application's own Python lacks."""

    def install(self) -> str:
        """Installs them, asking the user first. Empty, or one sentence that says why it did not work."""


class SlicerInstaller:
    """Installs into Slicer's Python."""

    def __init__(self, machine: Callable[[], Machine] = this_machine) -> None:
        self._machine = machine

    def missing(self) -> list[str]:
        return missing_of(PACKAGES)

    def install(self) -> str:
        found = problems(self._machine())
        stopping = [problem.text for problem in found if problem.stops]
        if stopping:
            return stopping[0]
        try:
            _install_beside(PACKAGES)
            return ""
        except (RuntimeError, subprocess.CalledProcessError):
            hints = " ".join(problem.text for problem in found)
            return not_installed() + (f" {hints}" if hints else "")


class PackageInstaller:
    """Installs small packages into Slicer's Python, without torch."""

    def __init__(self, requirements: Sequence[str]) -> None:
        self._requirements = requirements

    def missing(self) -> list[str]:
        return missing_of(self._requirements)

    def install(self) -> str:
        try:
            _install_beside(self._requirements)
        except (RuntimeError, subprocess.CalledProcessError):
            return not_installed()
        return ""


def not_installed() -> str:
    return _("The packages were not installed; the Python console says why.")


def missing_of(requirements: Iterable[str]) -> list[str]:
    """Those that are not installed in a version that will do."""
    return [text for text in requirements if not _is_installed(text)]


def write_constraints(folder: Path, names: Sequence[str]) -> Path:
    """A pip constraints file that holds the installed versions of `names` where they are."""
    lines = [f"{name}=={version}" for name in names if (version := _version(name))]
    path = folder / "constraints.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _install_beside(requirements: Sequence[str]) -> None:
    """Those that are missing, with Slicer's own packages left as they are."""
    wanted = missing_of(requirements)
    if wanted:
        with tempfile.TemporaryDirectory() as folder:
            _pip(wanted, write_constraints(Path(folder), PROTECTED))
    importlib.invalidate_caches()


def _pip(wanted: Sequence[str], constraints: Path) -> None:
    packaging = _slicer_packaging()
    if packaging is not None:
        packaging.pip_ensure(list(wanted), constraints=str(constraints), requester=NAME)
        return
    import slicer

    question = _("Install {packages} into Slicer's Python?").format(packages=", ".join(wanted))
    if not slicer.util.confirmOkCancelDisplay(question):
        raise RuntimeError("the user declined")
    slicer.util.pip_install(["--constraint", str(constraints), *wanted])


def _slicer_packaging() -> Any | None:
    """Slicer 5.12 and newer."""
    try:
        return importlib.import_module("slicer.packaging")
    except ImportError:
        return None


def _is_installed(requirement: str) -> bool:
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    version = _version(wanted.name)
    return bool(version) and wanted.specifier.contains(version, prereleases=True)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
