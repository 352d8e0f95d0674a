"""One class a name: whoever reads `Plan` need not ask whose."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "ProstateAlignRefine" / "ProstateAlignRefineLib"


def homes_of_classes(library: Path) -> Mapping[str, list[str]]:
    """Each class's name, and where classes of this name are defined."""
    homes = defaultdict(list)
    for path in sorted(library.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(f"{path.relative_to(library).as_posix()}:{node.lineno}")
    return homes


def test_no_two_classes_share_a_name():
    assert {name: homes for name, homes in homes_of_classes(LIBRARY).items() if len(homes) > 1} == {}


def test_classes_of_one_name_are_found_wherever_they_are_defined(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "one.py").write_text("class Plan: ...\n")
    (tmp_path / "room" / "other.py").write_text("def build():\n    class Plan: ...\n\n\nclass Other: ...\n")
    assert homes_of_classes(tmp_path) == {"Plan": ["one.py:1", "room/other.py:2"], "Other": ["room/other.py:5"]}
