"""docs/trust.md from the tests' own marks: what was tried, what the user sees, which test shows it.

    python Testing/host/trust_table.py [--check]

Reads the test files without importing them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "trust.md"
SUBJECTS = {
    "Dicom": "DICOM in and out",
    "Unit": "Files, geometry and text",
    "Commands": "The command line",
    "Api": "Python",
    "Fuzz": "Damaged files",
    "Model": "Models",
    "Network": "Models",
    "Inference": "Models",
    "Bundle": "Models",
    "App": "The panel",
    "Mrml": "The scene",
    "Training": "Training",
    "Evaluation": "Evaluation",
    "Results": "Results",
}
HEAD = """# What was tried to make it fail

Each row is a fault that a user can run into, what the user then sees, and the test that shows it on every change. The
table is made from the marks of the tests (`@pytest.mark.fault`) by `make trust`; a test checks that it is current.
"""


@dataclass(frozen=True, order=True)
class Row:
    subject: str
    tried: str
    seen: str
    test: str
    file: str


def rows_of(root: Path) -> list[Row]:
    """One for each mark in the test files below `root`/Testing, by subject and fault."""
    found = [row for path in sorted((root / "Testing").rglob("test_*.py")) for row in _rows_in(path, root)]
    return sorted(set(found))


def page(rows: list[Row]) -> str:
    lines = [HEAD]
    for subject in sorted({row.subject for row in rows}):
        lines += [f"## {subject}", "", "| tried | the user sees | test |", "| --- | --- | --- |"]
        lines += [_line(row) for row in rows if row.subject == subject]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = [text.replace("|", "\\|") for text in (row.tried, row.seen)]
    return f"| {cells[0]} | {cells[1]} | [{row.test}](../{row.file}) |"


def _rows_in(path: Path, root: Path) -> Iterator[Row]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    subject = SUBJECTS.get(path.parent.name, path.parent.name)
    for test, scope in _tests(tree):
        for tried, seen in _marks(scope):
            yield Row(subject, tried, seen, test, path.relative_to(root).as_posix())


def _tests(tree: ast.Module) -> Iterator[tuple[str, list[ast.expr]]]:
    """Name and decorators of each test, of classes of tests too, and the module's own marks."""
    for node in ast.walk(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if named or (isinstance(node, ast.ClassDef) and node.name.startswith("Test")):
            yield node.name, node.decorator_list
        elif isinstance(node, ast.Assign) and "pytestmark" in map(ast.unparse, node.targets):
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield "the whole file", list(marks)


def _marks(scope: list[ast.expr]) -> Iterator[tuple[str, str]]:
    """Of the decorators, and of `pytest.param(..., marks=...)` within them."""
    for decorator in scope:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault":
                tried, seen = (ast.literal_eval(argument) for argument in node.args)
                yield str(tried), str(seen)


def main() -> int:
    wanted = page(rows_of(ROOT))
    if "--check" in sys.argv:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
