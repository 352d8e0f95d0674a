"""What Slicer's build and its Extensions Index want of the files."""

import ast
import json
import re
import shutil
import subprocess
import typing

import pytest

from ProstateAlignRefineLib.app import texts, widgets
from ProstateAlignRefineLib.results.report import RESEARCH_USE


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
def test_cmake_lists_every_file_of_the_module(repository, tmp_path):
    module = repository / "ProstateAlignRefine"
    script = tmp_path / "listed.cmake"
    names = "${MODULE_PYTHON_SCRIPTS};${MODULE_PYTHON_RESOURCES}"
    script.write_text(f'include("{module}/Files.cmake")\nfile(WRITE "{tmp_path}/listed" "{names}")\n')
    subprocess.run(["cmake", "-P", str(script)], check=True)

    kept = {".py", ".toml", ".ui", ".png", ".svg"}
    wanted = {path.relative_to(module).as_posix() for path in module.rglob("*") if path.suffix in kept}
    assert set((tmp_path / "listed").read_text().split(";")) == wanted


def test_the_panels_widgets_are_those_of_its_ui_file(repository):
    described = repository / "ProstateAlignRefine" / "Resources" / "UI" / "ProstateAlignRefine.ui"
    classes = {
        name: kind for kind, name in re.findall(r'<widget class="(\w+)" name="(\w+)">', described.read_text("utf-8"))
    }
    for name, kind in typing.get_type_hints(widgets.PanelWidgets).items():
        assert re.match(r"\w+", kind.__doc__).group() == classes[name], name


def test_the_shell_stays_a_shell(repository):
    shell = (repository / "ProstateAlignRefine" / "ProstateAlignRefine.py").read_text(encoding="utf-8")
    assert len(shell.splitlines()) < 150


def test_the_module_has_the_icon_that_slicer_looks_for(repository):
    icons = repository / "ProstateAlignRefine" / "Resources" / "Icons"
    assert (icons / "ProstateAlignRefine.svg").is_file() or (icons / "ProstateAlignRefine.png").is_file()


def test_the_pictures_named_for_the_index_exist(repository):
    text = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    named = re.findall(r"/main/(\S+?\.png)", text)
    assert named
    for path in named:
        assert (repository / path).is_file(), path


def test_nothing_is_used_that_newer_slicers_have_dropped(repository):
    dropped = re.compile(r"QTextCodec|QRegExp|qt\.QThread|\bimport imp\b|Qt\.MidButton|\.exec_\(")
    for path in (repository / "ProstateAlignRefine").rglob("*.py"):
        assert not dropped.search(path.read_text(encoding="utf-8")), path.name


def test_texts_for_translation_are_literals(repository):
    """Slicer's extraction reads the source: a formatted or computed text would never be translated."""
    for path in (repository / "ProstateAlignRefine" / "ProstateAlignRefineLib" / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_":
                (text,) = call.args
                assert isinstance(text, ast.Constant), f"{path.name}:{call.lineno}"


def test_the_line_for_translation_is_the_one_reports_carry():
    assert texts.research_use() == RESEARCH_USE


def test_the_index_entry_says_what_cmake_says(repository):
    entry = json.loads((repository / "Resources" / "ExtensionsIndex" / "ProstateAlignRefine.json").read_text("utf-8"))
    cmake = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "project(ProstateAlignRefine)" in cmake
    depends = re.search(r'EXTENSION_DEPENDS "([^"]*)"', cmake)[1]
    assert entry["build_dependencies"] == ([] if depends == "NA" else depends.split())
    homepage = re.search(r'EXTENSION_HOMEPAGE "([^"#]*)', cmake)[1]
    assert entry["scm_url"] == f"{homepage}.git"
    assert 1 <= entry["tier"] <= 5
    assert set(entry) == {
        "$schema", "build_dependencies", "build_subdirectory", "category", "scm_revision", "scm_url", "tier",
    }  # fmt: skip
