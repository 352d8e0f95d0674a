"""Installing into Slicer's Python: what is checked first, what is asked of pip, what is left alone."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import tomllib
from packaging.requirements import Requirement

from ProstateAlignRefineLib.app import install
from ProstateAlignRefineLib.app.install import (
    PACKAGES,
    PACS_PACKAGES,
    PROTECTED,
    PackageInstaller,
    SlicerInstaller,
    write_constraints,
)
from ProstateAlignRefineLib.app.preflight import Machine, problems, this_machine

GOOD = Machine("Linux", "x86_64", Path("/opt/Slicer/lib/Python"), 100.0, True, True, False)


@pytest.mark.parametrize(
    ("change", "words", "stops"),
    [
        ({"free_gb": 1.0}, "free some space", True),
        ({"system": "Windows", "long_paths": False, "packages": Path("C:/" + "x" * 120)}, "260 characters", True),
        ({"partial_torch": True}, "delete the folder 'torch'", True),
        ({"online": False}, "Connect to the network", True),
        ({"system": "Darwin"}, "a Python of your own", True),
    ],
)
def test_each_obstacle_is_named_with_its_remedy(change, words, stops):
    (problem,) = problems(replace(GOOD, **change))
    assert words in problem.text
    assert problem.stops is stops


def test_a_good_machine_has_no_problem():
    assert problems(GOOD) == []


def test_this_machine_can_be_looked_at():
    assert this_machine().free_gb > 0


def test_the_packages_are_those_of_the_distribution(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {Requirement(text).name.lower(): Requirement(text).specifier for text in project["dependencies"]}
    for text in PACKAGES:
        requirement = Requirement(text)
        assert wanted[requirement.name.lower()] == requirement.specifier


def test_the_packages_for_sending_are_those_of_the_extra(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(PACS_PACKAGES) == project["optional-dependencies"]["pacs"]


def test_installed_versions_of_slicers_own_packages_are_held(tmp_path):
    text = write_constraints(tmp_path, PROTECTED).read_text()
    import numpy

    assert f"numpy=={numpy.__version__}\n" in text


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(install, "_version", lambda name: {"numpy": "2.4.6"}.get(name, ""))


def test_packages_come_through_slicer_packaging(nothing_installed, monkeypatch):
    calls = []
    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = lambda wanted, constraints, requester: calls.append((wanted, Path(constraints).read_text()))
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    assert SlicerInstaller(lambda: GOOD).install() == ""
    assert calls == [(list(PACKAGES), "numpy==2.4.6\n")]


def test_before_slicer_packaging_pip_install_is_used_after_asking(nothing_installed, monkeypatch):
    calls = []
    util = SimpleNamespace(confirmOkCancelDisplay=lambda text: "safetensors" in text, pip_install=calls.append)
    monkeypatch.setitem(sys.modules, "slicer", SimpleNamespace(util=util))
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    assert SlicerInstaller(lambda: GOOD).install() == ""
    assert calls[0][0] == "--constraint"
    assert calls[0][2:] == list(PACKAGES)


def test_small_packages_are_installed_without_torch(nothing_installed, monkeypatch):
    calls = []
    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = lambda wanted, constraints, requester: calls.append(wanted)
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    installer = PackageInstaller(PACS_PACKAGES)
    assert installer.missing() == list(PACS_PACKAGES)
    assert installer.install() == ""
    assert calls == [list(PACS_PACKAGES)]


def test_a_failed_installation_of_small_packages_is_told(nothing_installed, monkeypatch):
    def fail(*_arguments, **_named):
        raise RuntimeError("no network")

    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = fail
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    assert "not installed" in PackageInstaller(PACS_PACKAGES).install()


def test_an_obstacle_stops_before_anything_is_installed(nothing_installed):
    assert "free some space" in SlicerInstaller(lambda: replace(GOOD, free_gb=1.0)).install()


def test_what_is_installed_in_a_good_version_is_not_missing(monkeypatch):
    monkeypatch.setattr(
        install, "_version", lambda name: {"onnxruntime": "1.99.1", "safetensors": "0.3"}.get(name, "9")
    )
    assert SlicerInstaller(lambda: GOOD).missing() == ["safetensors>=0.4.3"]
