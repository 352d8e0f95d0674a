"""Everything public says what its name and types do not: shapes, units, frames, errors, where a rule comes from."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "ProstateAlignRefine" / "ProstateAlignRefineLib"
MODULES = sorted(path.relative_to(LIBRARY) for path in LIBRARY.rglob("*.py"))
OF_ITS_MODULE = {"commands": re.compile("add_parser|run|.*Options"), "app": re.compile(".*Section")}
"""What is told by the docstring of its module: a command, also by its help; a section of the panel."""
DRAWN = {"scene", "app"}
"""Rooms of widgets and nodes: a method of one line there, as a setter or a slot, says itself what it does."""

Definition = ast.ClassDef | ast.FunctionDef


def definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    yield from (node for node in body if isinstance(node, Definition) and not node.name.startswith("_"))


def parsed(module: Path) -> ast.Module:
    return ast.parse((LIBRARY / module).read_text(encoding="utf-8"))


def name_of(base: ast.expr) -> str:
    """Of a base class, without its module and its parameters."""
    return ast.unparse(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]


CLASSES = [node for module in MODULES for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef)]
BY_NAME = {node.name: node for node in CLASSES}
PROMISED = {"refresh"} | {
    method.name for node in CLASSES for base in node.bases if name_of(base) == "Protocol" for method in node.body
    if isinstance(method, ast.FunctionDef)
}  # fmt: skip
"""Methods of protocols, where what they promise is said once for all who keep it; of sections, in `Panel.refresh`."""


def is_override(owner: ast.ClassDef, name: str) -> bool:
    """Of a method that a class of the library, which it is made of, has."""
    bases = [BY_NAME[name_of(base)] for base in owner.bases if name_of(base) in BY_NAME]
    return any(name in {each.name for each in definitions(base.body)} or is_override(base, name) for base in bases)


def is_promised(owner: ast.ClassDef, name: str) -> bool:
    return name in PROMISED and "Protocol" not in map(name_of, owner.bases)


def is_told(owner: ast.ClassDef, name: str) -> bool:
    """Whether the class says it in its own words, as of a field."""
    return f"`{name}`" in (ast.get_docstring(owner) or "")


def lacking(module: Path, tree: ast.Module) -> list[str]:
    found = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    for node in definitions(tree.body):
        told = OF_ITS_MODULE.get(module.parts[0])
        if not (told and told.fullmatch(node.name)) and not ast.get_docstring(node):
            found.append(node.name)
        if isinstance(node, ast.ClassDef):
            found += [f"{node.name}.{method.name}" for method in _methods_lacking(node, module.parts[0] in DRAWN)]
    return found


def _methods_lacking(owner: ast.ClassDef, drawn: bool) -> Iterator[Definition]:
    for method in definitions(owner.body):
        excused = is_override(owner, method.name) or is_promised(owner, method.name) or is_told(owner, method.name)
        setter = any(ast.unparse(each).endswith(".setter") for each in method.decorator_list)
        plain = drawn and isinstance(method, ast.FunctionDef) and method.body[0].lineno == method.end_lineno
        if not (excused or setter or plain or ast.get_docstring(method)):
            yield method


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.as_posix())
def test_what_is_public_has_a_docstring(module):
    assert lacking(module, parsed(module)) == []


def test_what_lacks_one_is_noticed():
    """Or the test above shows nothing."""
    source = '"""A."""\ndef f(): pass\ndef _g(): pass\nclass C:\n    """`told`."""\n    def m(self): return 1\n'
    source += "    def told(self): return 2\n    def _p(self): return 3\n"
    assert lacking(Path("core/x.py"), ast.parse(source)) == ["f", "C.m"]
    assert lacking(Path("app/x.py"), ast.parse(source)) == ["f"]
    assert lacking(Path("commands/x.py"), ast.parse("def run(): pass\nclass RunOptions: pass\n")) == ["the module"]
