"""What CMake installs, copied as it would be, is a module that works away from its sources."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LISTED = re.compile(r"\$\{CMAKE_CURRENT_LIST_DIR\}/(\S+)")


@pytest.fixture(scope="module")
def installed(repository, tmp_path_factory) -> Path:
    """The folder of scripted modules: what Files.cmake globs, and the starter model in the library."""
    module, folder = repository / "ProstateAlignRefine", tmp_path_factory.mktemp("qt-scripted-modules")
    for pattern in LISTED.findall((module / "Files.cmake").read_text(encoding="utf-8")):
        parent, _, name = pattern.rpartition("/")
        for path in (module / parent).rglob(name):  # GLOB_RECURSE
            target = folder / path.relative_to(module)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    models = folder / "ProstateAlignRefineLib" / "Models"
    shutil.copytree(repository / "Resources" / "Models" / "starter", models / "starter")
    return folder


def run_there(installed: Path, *command: str, also: str = "") -> str:
    path = os.pathsep.join([str(installed), *([also] if also else [])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=installed.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_unit_tests_that_slicer_runs_pass_from_there(repository, installed):
    run_there(installed, "-m", "unittest", "InstalledLibraryTest", also=str(repository / "Testing" / "Slicer"))


@pytest.mark.parametrize("missing", ["Resources/UI/ProstateAlignRefine.ui", "ProstateAlignRefineLib/Models"])
def test_they_notice_what_was_not_installed(repository, installed, tmp_path, missing):
    broken = Path(shutil.copytree(installed, tmp_path / "broken"))
    path = broken / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(AssertionError, match="FAILED"):
        run_there(broken, "-m", "unittest", "InstalledLibraryTest", also=str(repository / "Testing" / "Slicer"))


@pytest.mark.slow
def test_a_study_is_segmented_from_there_with_the_model_that_came_along(installed, tmp_path):
    assert "Known truth beside it" in run_there(
        installed, "-m", "ProstateAlignRefineLib", "demo", "-o", str(tmp_path / "demo")
    )


def test_cmake_installs_the_starter_model_where_the_library_looks_for_it(repository):
    text = (repository / "ProstateAlignRefine" / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "set(STARTER_MODEL ${CMAKE_SOURCE_DIR}/Resources/Models/starter)" in text
    assert "DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}/ProstateAlignRefineLib/Models" in text


def test_cmake_registers_unit_tests_that_exist(repository):
    """By Slicer's macro, which takes a module of the build folder or a path, and a class of the file's name."""
    module = repository / "ProstateAlignRefine"
    text = (module / "CMakeLists.txt").read_text(encoding="utf-8")
    (tests,) = re.findall(r"if\(BUILD_TESTING\)(.*?)endif\(\)", text, re.DOTALL)
    scripts = re.findall(r"slicer_add_python_unittest\(SCRIPT (\S+)\)", tests)
    assert len(scripts) == 2
    for script in scripts:
        named = script.replace("${MODULE_NAME}", module.name).replace("${CMAKE_SOURCE_DIR}", str(repository))
        source = (module / named).read_text(encoding="utf-8")
        assert re.search(r"class \w+Test\((unittest\.TestCase|ScriptedLoadableModuleTest)\)", source)
