"""docs/cautions.md lists the codes that the code gives, all of them and no others."""

import ast
import re
from pathlib import Path

from ProstateAlignRefineLib.core.caution_texts import CONTEXT, TEMPLATES
from ProstateAlignRefineLib.core.cautions import caution
from ProstateAlignRefineLib.dicom.match.remarks import REPEATS

LIBRARY = Path(__file__).resolve().parents[2] / "ProstateAlignRefine" / "ProstateAlignRefineLib"
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def codes_in(path: Path) -> set[str]:
    """First arguments of `Caution(...)` and `caution(...)`, and what a name that stands there was set to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    first = [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Caution", "caution") and node.args
    ]
    names = {node.id for node in first if isinstance(node, ast.Name)}
    values = [node for node in first if not isinstance(node, ast.Name | ast.Starred)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") in names for target in node.targets):
            values.append(node.value)
    parts = [
        leaf for value in values for leaf in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])
    ]
    return {leaf.value for leaf in parts if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}


def test_every_code_has_its_row(repository):
    table = (repository / "docs" / "cautions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \|", table, flags=re.MULTILINE)
    listed = [code.strip("`") for row in rows for code in row.split(", ")]
    given = set().union(*(codes_in(path) for path in LIBRARY.rglob("*.py"))) | {code for _, code, _ in REPEATS}
    assert set(TEMPLATES) <= given, "a sentence whose code nothing gives"
    assert len(listed) == len(set(listed))
    assert given - set(listed) == set(), "a code without its row in docs/cautions.md"
    assert set(listed) - given == set(), "a row of docs/cautions.md whose code nothing gives"
    assert all(CODE.fullmatch(code) for code in given)


def test_a_sentence_is_filled_with_its_fields_and_keeps_them():
    told = caution("gland-unusual", ml="231", sizes="80 x 70 x 79")
    assert told.text.startswith("The gland found measures 231 mL and 80 x 70 x 79 mm, which")
    assert told.fields == {"ml": "231", "sizes": "80 x 70 x 79"}


def test_the_sentences_stand_where_slicers_tools_look_for_them():
    """They name a file by its folder and itself, and take literals inside `_(...)` alone."""
    path = LIBRARY / "core" / "caution_texts.py"
    assert f"{path.parent.name}.{path.stem}" == CONTEXT
    marked = [
        ast.literal_eval(node.args[0])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"
    ]
    assert sorted(marked) == sorted(TEMPLATES.values())
