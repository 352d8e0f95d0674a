# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
"""The types of MRML's nodes ask for nothing that the real classes lack."""

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import vtk

from ProstateAlignRefineLib.scene import mrml

TYPES = [kind for kind in vars(mrml).values() if getattr(kind, "_is_protocol", False) and kind.__doc__]


def members(kind):
    return {name for base in kind.__mro__ for name in vars(base) if name[0].isupper()}


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind.__doc__.startswith("vtk")], ids=lambda k: k.__name__)
def test_a_type_is_what_the_class_that_it_names_can_do(kind):
    name = kind.__doc__.split()[0].strip(".,;:")
    real = getattr(slicer, name, None) or getattr(vtk, name)
    assert members(kind)
    assert {member for member in members(kind) if not hasattr(real, member)} == set()
