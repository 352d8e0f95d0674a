"""Installing into an application's Python: with real pip in a real environment; and what is told of it."""

import errno
import json
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy
import pytest
from packaging.requirements import Requirement

from ProstateAlignRefineLib.app import install, preflight
from ProstateAlignRefineLib.app.install import PackageInstaller, not_installed, write_constraints
from ProstateAlignRefineLib.app.packages import PACS, PROTECTED, WORKER, Package, requirements
from ProstateAlignRefineLib.app.pip import PipOutcome
from ProstateAlignRefineLib.app.preflight import Machine, problems, this_machine

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

GOOD = Machine("Linux", Path("/opt/Slicer/lib/Python"), 100.0, True, (), True)
LIBRARY = Path(install.__file__).resolve().parents[2]
SAMPLE = (Package("par-sample>=1", 30, 90), Package("par-beside", 1, 2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"free_gb": 0.1}, "free some space, about 0.4 GB"),
        ({"system": "Windows", "long_paths": False, "packages": Path("C:/" + "x" * 120)}, "260 characters"),
        ({"writable": False}, "folder that you cannot write, "),
        ({"partial": ("safetensors",)}, "delete 'safetensors' in the folder /opt"),
    ],
)
def test_each_obstacle_is_named_with_its_remedy(change, words):
    (problem,) = problems(replace(GOOD, **change), 0.2)
    assert words in problem.text
    assert problem.stops


def test_a_good_machine_has_no_problem():
    assert problems(GOOD, 0.2) == []


def test_this_machine_can_be_looked_at():
    machine = this_machine(["numpy", "no-such-package"])
    assert machine.free_gb > 0
    assert machine.partial == ()


def test_a_folder_without_the_packages_code_is_a_partial_installation(tmp_path, monkeypatch):
    (tmp_path / "par_half" / "lib").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert this_machine(["par-half"]).partial == ("par-half",)


def test_the_packages_are_those_of_the_distribution(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {Requirement(text).name.lower(): Requirement(text).specifier for text in project["dependencies"]}
    for text in requirements(WORKER):
        requirement = Requirement(text)
        assert wanted[requirement.name.lower()] == requirement.specifier
    assert list(requirements(PACS)) == project["optional-dependencies"]["pacs"]


def test_installed_versions_of_slicers_own_packages_are_held(tmp_path):
    assert f"numpy=={numpy.__version__}\n" in write_constraints(tmp_path, PROTECTED).read_text()


def test_the_question_says_what_how_large_and_how_long(tmp_path):
    question = PackageInstaller(SAMPLE, tmp_path).question()
    for words in ("par-sample>=1, par-beside", "About 31 MB", "92 MB of disk", "up to 1 min on", "removed again"):
        assert words in question


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """A Python of its own with pip, which also sees the packages of this one."""
    folder = tmp_path_factory.mktemp("application")
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python" if sys.platform != "win32" else folder / "Scripts" / "python.exe"
    asked = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    packages = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "tests.pth").write_text(str(Path(numpy.__file__).resolve().parents[1]))
    return python


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    folder.mkdir(exist_ok=True)
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    with ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{module}/__init__.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        files = (f"{module}/__init__.py", *(f"{info}/{part}" for part in ("METADATA", "WHEEL", "RECORD")))
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in files))


PROGRAM = """
import json, sys
from pathlib import Path
from ProstateAlignRefineLib.app.install import PackageInstaller
from ProstateAlignRefineLib.app.packages import Package
folder, wheels, act = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
installer = PackageInstaller((Package("par-sample>=1", 1, 1), Package("par-beside", 1, 1)), folder)
lines = []
def told(line):
    lines.append(line)
    return act != "stop"
problem = installer.remove(told) if act == "remove" else installer.install(told, wheels)
print(json.dumps([problem, installer.missing(), sorted(installer.removable()), [line for line in lines if line]]))
"""


@pytest.fixture
def act(python, tmp_path):
    def run(what: str, wheels: Path) -> tuple[str, list[str], list[str], list[str]]:
        command = [python, "-c", PROGRAM, tmp_path / "data", wheels, what]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(LIBRARY), "PATH": ""}
        )
        assert done.returncode == 0, done.stderr
        return tuple(json.loads(done.stdout))

    return run


def test_packages_come_from_a_folder_of_wheels_and_all_that_came_goes_again_and_no_more(act, python, tmp_path):
    wheels = tmp_path / "wheels"
    wheel(wheels, "par-beside", "2.0")
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "-f", wheels, "par-beside"], check=True)
    problem, missing, removable, _ = act("install", wheels)
    assert "must hold the wheels" in problem
    assert "par-sample" in problem
    assert (missing, removable) == (["par-sample>=1"], [])
    wheel(wheels, "par-sample", "1.5", "par-brought")
    wheel(wheels, "par-brought", "0.1")
    problem, missing, removable, _ = act("stop", wheels)
    assert (problem, missing, removable) == ("Stopped; click again to go on.", ["par-sample>=1"], [])
    problem, missing, removable, lines = act("install", wheels)
    assert (problem, missing, removable) == ("", [], ["par-brought", "par-sample"])
    assert any("par" in line for line in lines)
    problem, missing, removable, _ = act("remove", wheels)
    assert (problem, missing, removable) == ("", ["par-sample>=1"], [])
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "par-beside" in listed
    assert "par-brought" not in listed


def test_what_a_package_that_came_later_needs_is_not_taken_away(act, python, tmp_path):
    wheels = tmp_path / "wheels"
    wheel(wheels, "par-beside", "2.0")
    wheel(wheels, "par-sample", "1.5", "par-brought")
    wheel(wheels, "par-brought", "0.1", "par-deep")
    wheel(wheels, "par-deep", "0.1")
    wheel(wheels, "par-later", "1.0", "Par.Brought")
    assert act("install", wheels)[0] == ""
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "-f", wheels, "par-later"], check=True)
    problem, missing, removable, _ = act("remove", wheels)
    assert (problem, removable) == ("", [])
    assert "par-sample>=1" in missing
    subprocess.run([python, "-c", "import par_later, par_brought, par_deep"], check=True)
    subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "par-later"], check=True)
    assert act("remove", tmp_path / "nowhere")[:2] == ("", missing)
    gone = subprocess.run([python, "-c", "import par_deep"], capture_output=True, text=True, check=False)
    assert "No module named" in gone.stderr


def test_a_folder_is_writable_where_a_file_can_be_made_in_it(tmp_path):
    assert preflight._is_writable(tmp_path)
    assert not preflight._is_writable(tmp_path / "nowhere")


def test_an_obstacle_stops_before_pip_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "run_pip", lambda *_: pytest.fail("pip was asked"))
    installer = PackageInstaller(SAMPLE, tmp_path, lambda _names: replace(GOOD, free_gb=0.1))
    assert "free some space" in installer.install(lambda _line: True)


def test_what_pip_says_is_told_with_what_to_do():
    told = not_installed(PipOutcome(1, "No matching distribution found for x"), from_index=True)
    assert "No matching distribution found for x" in told
    assert "folder of wheels" in told
    assert "click again" in not_installed(PipOutcome(None, ""), from_index=True)


def test_what_is_installed_in_a_good_version_is_not_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "_version", lambda name: {"onnxruntime": "1.99", "safetensors": "0.3"}.get(name, "9"))
    assert PackageInstaller(WORKER, tmp_path).missing() == ["safetensors>=0.4.3"]


def test_a_disk_that_gets_full_while_installing_is_said(panel, with_study, installer, monkeypatch):
    with_study(panel)
    installer.lacking = ["par-sample"]
    panel.application.answers["confirm"] = True

    def install(told, wheels=None):
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(installer, "install", install)
    panel.ui.segmentButton.click()
    assert "free some space" in panel.ui.messageLabel.text
    assert not panel.session.run.running
