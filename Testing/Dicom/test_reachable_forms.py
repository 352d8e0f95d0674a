"""What the code cannot do by construction: run a pickle, or write an object that readers are known to break on."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path("ProstateAlignRefine")
UNWANTED = {"FRACTIONAL", "JPEGLSLossless", "JPEGLSNearLossless", "ParametricMap"}


def sources(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def is_constant(call: ast.Call, argument: str, value: bool) -> bool:
    return any(one.arg == argument and getattr(one.value, "value", None) is value for one in call.keywords)


@pytest.fixture(scope="module")
def library(repository: Path) -> list[tuple[str, ast.Module]]:
    return list(sources(repository / LIBRARY))


def test_every_load_of_torch_takes_weights_only(library):
    loads = [(name, call) for name, tree in library for said, call in calls(tree) if said == "torch.load"]
    assert loads, "there are such loads, or this test looks in the wrong place"
    assert not [name for name, call in loads if not is_constant(call, "weights_only", True)]


def test_no_other_loader_runs_a_pickle(library):
    forbidden = ("pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load", "torch.jit.load", "cloudpickle.load")
    used = [(name, said) for name, tree in library for said, _ in calls(tree) if said in forbidden]
    allowing = [name for name, tree in library for _, call in calls(tree) if is_constant(call, "allow_pickle", True)]
    renamed = [
        name
        for name, tree in library
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in ("torch", "pickle")
        and {one.name for one in node.names} & {"load", "loads", "Unpickler"}
    ]
    assert (used, allowing, renamed) == ([], [], [])


def test_no_form_of_segmentation_is_named_but_binary_and_labelmap(repository):
    folders = [repository / LIBRARY / "ProstateAlignRefineLib" / name for name in ("dicom", "commands", "app")]
    named = {
        (name, node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "value", "")))
        for folder in folders
        for name, tree in sources(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Constant)
    }
    assert ("seg.py", "BINARY") in named  # where no other is asked for
    assert not [place for place in named if place[1] in UNWANTED]
