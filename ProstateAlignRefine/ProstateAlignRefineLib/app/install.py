"""Packages in Slicer's Python, at the first click: asked for, installed by pip, noted, and taken away again."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from ..core.errors import InputError
from ..core.faults import reason_of
from ..core.plain_data import read_json
from ..core.storage.files import replacing_file
from .i18n import _
from .packages import PROTECTED, Package, minutes, requirements
from .pip import PipOutcome, run_pip
from .preflight import Machine, problems, this_machine

RECORD_NAME = "installed-packages.json"

Told = Callable[[str], bool]
"""Shows a line of progress; false where the user wants to stop."""


class Installer(Protocol):
    """What the panel needs of an installation; tests stand in for it without a network."""

    def missing(self) -> list[str]:
        """Names of packages that the application's own Python lacks."""

    def question(self) -> str:
        """What would be installed, how large it is, and how long that takes."""

    def install(self, told: Told, wheels: Path | None = None) -> str:
        """Installs them, from a folder of wheels where one is given. Empty, or one sentence that says why it did not
        work."""

    def removable(self) -> list[str]:
        """Names of packages that were installed by this program, not changed since, and that nothing else needs."""

    def remove(self, told: Told) -> str:
        """Takes these away again. Empty, or one sentence that says why it did not work."""


class PackageInstaller:
    """Installs into Slicer's Python, and notes in `folder` what was not there before."""

    def __init__(
        self, packages: Sequence[Package], folder: Path, machine: Callable[[Sequence[str]], Machine] = this_machine
    ) -> None:
        self._packages, self._record, self._machine = packages, folder / RECORD_NAME, machine

    def missing(self) -> list[str]:
        return missing_of(requirements(self._packages))

    def question(self) -> str:
        lacking = self._lacking()
        return _(
            "Install {packages} into Slicer's Python? About {download} MB are downloaded and {disk} MB of disk used; "
            "it takes up to {minutes} min on a slow network. Under 'Advanced' it can be removed again."
        ).format(
            packages=", ".join(requirements(lacking)),
            download=sum(package.download_mb for package in lacking),
            disk=sum(package.disk_mb for package in lacking),
            minutes=minutes(lacking),
        )

    def install(self, told: Told, wheels: Path | None = None) -> str:
        lacking = self._lacking()
        names = [_name(text) for text in requirements(lacking)]
        needed = sum(package.disk_mb for package in lacking) / 1000
        stopping = [problem.text for problem in problems(self._machine(names), needed) if problem.stops]
        if stopping or not lacking:
            return stopping[0] if stopping else ""
        present = _present()
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            outcome = _pip(
                [
                    *("install", "--progress-bar", "off", "--report", str(report)),
                    *("--constraint", str(write_constraints(Path(folder), PROTECTED))),
                    *(("--no-index", "--find-links", str(wheels)) if wheels else ()),
                    *requirements(lacking),
                ],
                told,
            )
            importlib.invalidate_caches()
            # Where pip was stopped or failed at the end, a part may lie there all the same.
            added = {name: _version(name) for name in _reported(report) if canonicalize_name(name) not in present}
        self._note({**self._noted(), **{name: version for name, version in added.items() if version}})
        return "" if outcome.code == 0 else not_installed(outcome, wheels is None)

    def removable(self) -> list[str]:
        unchanged = [name for name, version in self._noted().items() if _version(name) == version]
        needed = _needed_beside({canonicalize_name(name) for name in unchanged})
        return [name for name in unchanged if canonicalize_name(name) not in needed]

    def remove(self, told: Told) -> str:
        names = self.removable()
        outcome = _pip(["uninstall", "--yes", *names], told) if names else PipOutcome(0, "")
        importlib.invalidate_caches()
        self._note({name: version for name, version in self._noted().items() if _version(name) == version})
        return "" if outcome.code == 0 else not_removed(outcome)

    def _lacking(self) -> list[Package]:
        lacking = self.missing()
        return [package for package in self._packages if package.requirement in lacking]

    def _noted(self) -> dict[str, str]:
        """What this program has installed into this very Python: name and version."""
        noted = self._all_noted().get(sys.prefix)
        return {str(name): str(version) for name, version in noted.items()} if isinstance(noted, dict) else {}

    def _note(self, noted: Mapping[str, str]) -> None:
        if noted == self._noted():
            return
        with replacing_file(self._record) as temporary:
            temporary.write_text(json.dumps({**self._all_noted(), sys.prefix: dict(noted)}, indent=1), encoding="utf-8")

    def _all_noted(self) -> dict[str, object]:
        """By the folder of each Python that shares the record."""
        try:
            stored = read_json(self._record, "record of installed packages", "remove them with pip")
        except (OSError, InputError):
            return {}
        return stored if isinstance(stored, dict) else {}


def not_installed(outcome: PipOutcome, from_index: bool) -> str:
    """The sentence of a failure; `from_index`: packages came from pip's index, not from a folder of wheels."""
    if outcome.code is None:
        return _("Stopped; click again to go on.")
    error = outcome.error or _("no reason was given")
    if not from_index:
        return _("pip could not install from this folder ({error}); it must hold the wheels of all packages.").format(
            error=error
        )
    return _(
        "pip could not install the packages ({error}). Check pip's index and proxy, or choose under 'Advanced' a "
        "folder of wheels, or a Python that has the packages."
    ).format(error=error)


def not_removed(outcome: PipOutcome) -> str:
    """The sentence of a failure to remove."""
    if outcome.code is None:
        return _("Stopped; click again to go on.")
    return _("pip could not remove the packages ({error}); restart Slicer and try again.").format(
        error=outcome.error or _("no reason was given")
    )


def missing_of(wanted: Iterable[str]) -> list[str]:
    """Those that are not installed in a version that will do."""
    return [text for text in wanted if not _is_installed(text)]


def write_constraints(folder: Path, names: Sequence[str]) -> Path:
    """A pip constraints file that holds the installed versions of `names` where they are."""
    lines = [f"{name}=={version}" for name in names if (version := _version(name))]
    path = folder / "constraints.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _pip(arguments: Sequence[str], told: Told) -> PipOutcome:
    try:
        return run_pip(arguments, told)
    except OSError as error:
        return PipOutcome(-1, reason_of(error))


def _reported(report: Path) -> list[str]:
    """Names of what pip chose to install; none where it came to no choice."""
    try:
        told = read_json(report, "report of pip", "install again")
        return [str(entry["metadata"]["name"]) for entry in told["install"]]
    except (OSError, InputError, KeyError, TypeError):
        return []


def _present() -> set[str]:
    return {canonicalize_name(one.name) for one in metadata.distributions() if one.name}


def _needed_beside(names: set[NormalizedName]) -> set[NormalizedName]:
    """Those of `names` that other installed packages need, at once or by way of `names`: an extension of Slicer that
    came later may have found here what it wanted."""
    needs = {canonicalize_name(one.name): _needs(one) for one in metadata.distributions() if one.name}
    needed: set[NormalizedName] = set()
    while more := {each for one in needs if one not in names - needed for each in needs[one]} & names - needed:
        needed |= more
    return needed


def _needs(distribution: metadata.Distribution) -> set[NormalizedName]:
    found = set()
    for text in distribution.requires or ():
        with suppress(InvalidRequirement):  # of an old package
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                found.add(canonicalize_name(requirement.name))
    return found


def _name(requirement: str) -> str:
    return Requirement(requirement).name


def _is_installed(requirement: str) -> bool:
    wanted = Requirement(requirement)
    version = _version(wanted.name)
    return bool(version) and wanted.specifier.contains(version, prereleases=True)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
