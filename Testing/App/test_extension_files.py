"""What Slicer's build and its Extensions Index want of the files."""

import re

from host import module_files


def test_cmake_lists_every_file_of_the_module():
    hint = "run: python Testing/host/module_files.py"
    assert module_files.LIST.read_text(encoding="utf-8") == module_files.text(), hint


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
