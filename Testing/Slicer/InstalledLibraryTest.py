"""What a built or installed extension must have beside its module: run by CTest inside Slicer, and by a test of ours
from a copy of what CMake installs."""

from __future__ import annotations

import importlib
import unittest
from pathlib import Path

import numpy as np

import ProstateAlignRefineLib

LIBRARY = Path(ProstateAlignRefineLib.__file__).resolve().parent
WITHOUT_SLICER = ("core", "bundle", "results")
"""Rooms that need no more than Slicer's own Python has."""


class InstalledLibraryTest(unittest.TestCase):
    """Named as its file, as Slicer's runner of unit tests wants it."""

    def test_every_module_of_the_lower_rooms_can_be_imported(self) -> None:
        names = [path.relative_to(LIBRARY.parent) for room in WITHOUT_SLICER for path in (LIBRARY / room).rglob("*.py")]
        assert len(names) > 50
        for name in names:
            importlib.import_module(".".join(name.with_suffix("").parts).removesuffix(".__init__"))

    def test_the_starter_model_lies_in_the_library_and_is_whole(self) -> None:
        from ProstateAlignRefineLib.bundle.opening import open_bundle
        from ProstateAlignRefineLib.bundle.starter import starter_bundle_path

        folder = starter_bundle_path()
        assert LIBRARY in folder.parents
        assert open_bundle(folder).config.name

    def test_the_panel_and_its_icons_lie_beside_the_module(self) -> None:
        resources = LIBRARY.parent / "Resources"
        assert (resources / "UI" / "ProstateAlignRefine.ui").is_file()
        assert list((resources / "Icons").iterdir())

    def test_presets_of_training_are_there(self) -> None:
        assert list(LIBRARY.rglob("*.toml"))

    def test_the_gate_edits_where_the_model_is_sure(self) -> None:
        from ProstateAlignRefineLib.core.gate import gate_logits

        base, refined, sure = np.array([-1.0, -1.0]), np.array([3.0, 3.0]), np.array([0.2, 0.9])
        assert (gate_logits(base, refined, sure, 0.5, 1.0) > 0).tolist() == [False, True]
