"""Who may import whom: read from the source, so that no room sneaks upstairs."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ProstateAlignRefineLib import cli

PACKAGE = "ProstateAlignRefineLib"
LIBRARY = Path(__file__).resolve().parents[2] / "ProstateAlignRefine" / PACKAGE

ALLOWED_ROOMS = {
    "core": set(),
    "bundle": {"core"},
    "dicom": {"core"},
    "network": {"bundle", "core"},
    "inference": {"network", "bundle", "core"},
    "results": {"bundle", "dicom", "core"},
    "phantom": {"core"},
    "evaluation": {"results", "core"},
    "training": {"network", "inference", "evaluation", "phantom", "bundle", "core"},
    "benchmark": {"training", "network", "inference", "evaluation", "phantom", "results", "bundle", "core"},
    "scene": {"results", "core"},
    "app": {"scene", "results", "dicom", "bundle", "core"},
    "commands": {
        "benchmark",
        "training",
        "evaluation",
        "phantom",
        "inference",
        "network",
        "results",
        "dicom",
        "bundle",
        "core",
    },
}
# Within dicom/: files come in, are matched, go out and are sent; none of these looks at what comes after it.
ALLOWED_IN_DICOM = {"read": set(), "match": {"read"}, "write": {"match", "read"}, "send": {"write", "read"}}
SLICER_SIDE = {"slicer", "qt", "ctk", "vtk", "vtkmodules", "mrml", "PythonQt", "PySide6"}
FORBIDDEN_PACKAGES = {
    room: ({"torch", "monai"} if room not in {"network", "inference", "training", "benchmark", "commands"} else set())
    | (set() if room in {"scene", "app"} else SLICER_SIDE)
    for room in ALLOWED_ROOMS
}
FORBIDDEN_PACKAGES["scene"] |= {"qt", "ctk", "PythonQt", "PySide6"}
CORE_PACKAGES = {"numpy", "SimpleITK", "PIL", "isal"}  # the last where it is there, in place of zlib

ROOMS = sorted(room for room in ALLOWED_ROOMS if (LIBRARY / room).is_dir())


def imports_of(path: Path) -> list[str]:
    """Dotted names of every import in a module, relative ones resolved, those inside functions too."""
    parts = [PACKAGE, *path.relative_to(LIBRARY).with_suffix("").parts]
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            names += [".".join([*module, alias.name]) for alias in node.names]
    return names


def modules_of(room: str) -> list[Path]:
    return sorted((LIBRARY / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room):
    allowed = ALLOWED_ROOMS[room] | {room, "__version__"}
    for path in modules_of(room):
        inside = [name.split(".")[1] for name in imports_of(path) if name.startswith(PACKAGE + ".")]
        assert set(inside) <= allowed, f"{path.relative_to(LIBRARY)} reaches for {set(inside) - allowed}"


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_may_import_it_needs(room):
    inside = [name for path in modules_of(room) for name in imports_of(path) if name.startswith(PACKAGE + ".")]
    assert ALLOWED_ROOMS[room] <= {name.split(".")[1] for name in inside}, "forbid what nobody needs"


@pytest.mark.parametrize("part", sorted(ALLOWED_IN_DICOM))
def test_dicom_goes_one_way(part):
    for path in sorted((LIBRARY / "dicom" / part).glob("*.py")):
        inside = [name.split(".") for name in imports_of(path) if name.startswith(f"{PACKAGE}.dicom.")]
        used = {names[2] for names in inside if names[2] in ALLOWED_IN_DICOM}
        assert used <= ALLOWED_IN_DICOM[part] | {part}, path.relative_to(LIBRARY)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_keeps_off_packages_that_are_not_its_business(room):
    for path in modules_of(room):
        outside = {name.split(".")[0] for name in imports_of(path)}
        assert not outside & FORBIDDEN_PACKAGES[room], path.relative_to(LIBRARY)


def test_of_inference_one_module_alone_imports_torch_when_it_is_imported():
    """Elsewhere it is asked for where it is needed, so that all but that engine works without."""
    with_torch = []
    for path in modules_of("inference"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typing = {id(node) for one in ast.walk(tree) if isinstance(one, ast.If) for node in ast.walk(one)}
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in typing]
        named = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        named |= {node.module for node in top if isinstance(node, ast.ImportFrom)}
        if any(name and name.split(".")[0] == "torch" for name in named):
            with_torch.append(path.name)
    assert sorted(with_torch) == ["monai_bundle.py", "with_torch.py"]  # the first runs inside MONAI


def test_core_needs_only_numpy_simpleitk_and_pillow():
    for path in modules_of("core"):
        outside = {name.split(".")[0] for name in imports_of(path)} - {PACKAGE}
        assert outside <= set(sys.stdlib_module_names) | CORE_PACKAGES, path.relative_to(LIBRARY)


def test_no_namespace_goes_further_than_where_it_becomes_options():
    for path in sorted(LIBRARY.rglob("*.py")):
        if path.relative_to(LIBRARY).as_posix() not in ("cli.py", "commands/options.py"):
            assert "Namespace" not in re.sub("SimpleNamespace", "", path.read_text(encoding="utf-8")), path


def test_every_option_of_a_command_is_a_field_of_its_own():
    (subparsers,) = cli.parser_of(tuple(cli.COMMANDS))._subparsers._group_actions
    assert {one.dest: one.help for one in subparsers._choices_actions} == cli.COMMANDS
    for name, one in subparsers.choices.items():
        given = {action.dest for action in one._actions} - {"help", "log", "quiet", "verbose"}
        assert given == {field.name for field in fields(one.get_default("options"))}, name


def test_every_room_is_known_to_the_rule():
    rooms = {path.name for path in LIBRARY.iterdir() if (path / "__init__.py").is_file()}
    assert rooms <= set(ALLOWED_ROOMS)


def test_the_page_of_the_architecture_says_the_same(repository):
    page = (repository / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`\w+/`.*?) \|.*\| (.+?) \|$", page, re.MULTILINE)
    told = {re.match(r"`(\w+)/`", room)[1]: set(re.findall(r"`(\w+)`", allowed)) for room, allowed in table}
    told["benchmark"] |= told["training"]  # "the same, and"
    told["commands"] = set(told) - told["commands"] - {"commands"}  # "all but"
    assert told == ALLOWED_ROOMS, "mend the table Rooms in docs/architecture.md"


def test_the_scene_is_passed_in_never_taken_from_a_global():
    for room in ("scene", "core", "dicom"):
        for path in modules_of(room) if (LIBRARY / room).is_dir() else []:
            text = path.read_text(encoding="utf-8")
            for name in ("slicer.mrmlScene", "slicer.app", "slicer.modules"):
                assert name not in text, path.relative_to(LIBRARY)


def test_help_needs_no_library_and_a_command_only_its_own():
    """numpy, SimpleITK and torch take most of a second to import."""
    heavy = {"numpy", "SimpleITK", "torch", "PIL", "pydicom", "highdicom"}
    asked = "cli.parser_of(sys.argv[1:])"
    program = f"import sys; from ProstateAlignRefineLib import cli; {asked}; print({heavy} & set(sys.modules))"
    for named, found in ((), "set()"), (("export-nnunet",), None):
        told = subprocess.run(
            [sys.executable, "-c", program, *named], capture_output=True, text=True, check=True
        ).stdout
        assert "torch" not in told
        assert found is None or told.strip() == found
