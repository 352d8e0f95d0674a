"""One-line faults in the library, a sample of them, and which the tests notice: `make mutants`.

cosmic-ray makes the faults, `swaps.py` those it does not know, `related.py` says which tests should notice. cosmic-ray
does not run them: its runner changes the working tree, knows one test command for all modules and no sample, and starts
Python anew for each, which costs more here than the tests do. mutmut 3 leaves alone what stands outside functions,
where rules and thresholds are, and runs the whole suite first. So a copy of the tree is changed, and tests run in forks
of one process that has imported what is heavy.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

sys.path.insert(0, str(Path(__file__).resolve().parent))
from equivalent import REASONS
from related import ROOMS, tests_of
from swaps import SwapNeighbours, SwapWords

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = Path("ProstateAlignRefine/ProstateAlignRefineLib")
HEAVY = ("numpy", "SimpleITK", "torch", "monai.losses", "pydicom", "highdicom", "scipy.ndimage", "pytest", "PIL.Image")
COPIED = ("ProstateAlignRefine", "Testing", "Resources", "pyproject.toml", "README.md", "CHANGELOG.md", "docs")
LEFT_OUT = ("Variable", "RemoveDecorator", "ExceptionReplacer", "BitOr", "Invert", "UAdd", "Is", "NotIn_", "_In")
KILLED, SURVIVED, TIMEOUT = "killed", "survived", "killed (time)"


@dataclass(frozen=True)
class Fault:
    """One line of `module` (below the library) that is wrong now: `before` became `after`."""

    module: str
    operator: str
    line: int
    before: str
    after: str
    outcome: str = ""
    noticed_by: str = ""


@dataclass(frozen=True)
class Place:
    """Where a module can be made wrong, and by which operator."""

    module: str
    name: str
    operator: Operator
    occurrence: int


def places_in(module: str, rng: random.Random) -> list[Place]:
    """At every place one of the faults that are possible there."""
    nodes = list(ast_nodes(get_ast((REPOSITORY / LIBRARY / module).read_text(encoding="utf-8"))))
    places: dict[tuple[object, object], list[Place]] = {}
    for name, operator in _operators():
        found = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, place in enumerate(found):
            places.setdefault(place, []).append(Place(module, name, operator, occurrence))
    return [rng.choice(places[place]) for place in sorted(places)]


def fault_at(place: Place) -> tuple[Fault, str] | None:
    """The fault and the whole module with it; None where the interpreter would see none, or no test could."""
    source = (REPOSITORY / LIBRARY / place.module).read_text(encoding="utf-8")
    changed = mutate_code(source, place.operator, place.occurrence)
    if changed is None or _code(changed) in (None, _code(source)):
        return None
    lines = zip(source.splitlines(), changed.splitlines(), strict=False)
    number, (before, after) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
    if after.strip() in REASONS:
        return None
    return Fault(place.module, place.name, number, before.strip(), after.strip()), changed


def sample(count: int, seed: int) -> list[tuple[Fault, str]]:
    """As many of each room, fewer where a room has fewer places."""
    chosen = []
    for room in ROOMS:
        rng = random.Random(f"{seed} {room}")
        files = sorted((REPOSITORY / LIBRARY / room).rglob("*.py"))
        modules = [path.relative_to(REPOSITORY / LIBRARY).as_posix() for path in files]
        pool = [place for module in modules if tests_of(module) for place in places_in(module, rng)]
        rng.shuffle(pool)
        found = (fault for fault in map(fault_at, pool) if fault)
        chosen += list(islice(found, round(count / len(ROOMS))))
    return chosen


def tried(fault: Fault, text: str, tree: Path, limit_s: float) -> Fault | None:
    """The fault with its outcome; None where the test that failed fails without it too."""
    path = tree / LIBRARY / fault.module
    original = path.read_text(encoding="utf-8")
    tests = [f"Testing/{test}" for test in tests_of(fault.module) or () if (tree / "Testing" / test).exists()]
    try:
        path.write_text(text, encoding="utf-8")
        outcome, failed = run_tests(tests, tree, limit_s)
    finally:
        path.write_text(original, encoding="utf-8")
    if failed and run_tests([failed], tree, limit_s)[0] != SURVIVED:
        return None
    return replace(fault, outcome=outcome, noticed_by=failed)


def run_tests(tests: Sequence[str], tree: Path, limit_s: float) -> tuple[str, str]:
    """The outcome, and the first test that failed: empty where none did, or where the code could not be imported."""
    told = tree.parent / "failed"
    told.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        os._exit(_tests(tests, tree, told))
    outcome = _outcome(child, limit_s)
    return outcome, told.read_text() if told.exists() else ""


class _Listener:
    """Keeps the name of the first test that fails."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self._told.write_text(report.nodeid)


def _tests(tests: Sequence[str], tree: Path, told: Path) -> int:
    """In a process of its own."""
    import pytest

    os.setsid()
    os.chdir(tree)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    sys.path[:0] = [str(tree / "ProstateAlignRefine"), str(tree / "Testing")]
    os.environ["PYTHONPATH"] = str(tree / "ProstateAlignRefine")
    sys.dont_write_bytecode = True
    options = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow and not real_study"]
    return int(pytest.main([*options, *tests], plugins=[_Listener(told)]))


def _outcome(child: int, limit_s: float) -> str:
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return SURVIVED if os.waitstatus_to_exitcode(status) == 0 else KILLED
        time.sleep(0.05)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMEOUT


def _operators() -> list[tuple[str, Operator]]:
    names = [name for name in operator_names() if not any(part in name for part in LEFT_OUT)]
    kept: list[tuple[str, Operator]] = [(name.partition("/")[2], get_operator(name)()) for name in names]
    return [*kept, ("SwapNeighbours", SwapNeighbours()), ("SwapWords", SwapWords())]


def _code(source: str) -> str | None:
    """What the interpreter sees: without annotations, docstrings and messages; None where it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, None)
    return ast.dump(tree)


def _copy() -> Path:
    tree = Path(tempfile.mkdtemp(prefix="mutants-")) / "tree"
    tree.mkdir()
    unneeded = shutil.ignore_patterns("__pycache__", "Screenshots", "starter-figures*")
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=unneeded)
        elif source.exists():
            shutil.copy(source, tree / name)
    return tree


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="how many faults, in all rooms together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="no further fault is begun after this time")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which the tests of a fault are ended")
    parser.add_argument("--again", type=Path, help="a report: only its survivors")
    parser.add_argument("-o", type=Path, default=Path("mutants.json"), help="the report")
    parser.add_argument("--list", action="store_true", help="show the sample and run nothing")
    return parser.parse_args()


def main() -> None:
    options = _read_options()
    faults = sample(options.count, options.seed)
    if options.again:
        wanted = {(f["module"], f["line"], f["after"]) for f in json.loads(options.again.read_text())["survived"]}
        faults = [(fault, text) for fault, text in faults if (fault.module, fault.line, fault.after) in wanted]
    if options.list:
        print("\n".join(f"{f.module}:{f.line}: {f.before}\n    {f.after}" for f, _ in faults))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in HEAVY:
        __import__(name)
    tree, ends = _copy(), time.monotonic() + options.minutes * 60
    done: list[Fault] = []
    random.Random(options.seed).shuffle(faults)
    for fault, text in faults:
        if time.monotonic() > ends:
            break
        outcome = tried(fault, text, tree, options.limit)
        if outcome is None:
            print(f"a test of {fault.module} fails without any fault", flush=True)
            continue
        done.append(outcome)
        print(f"{outcome.outcome:<14} {fault.module}:{fault.line}: {fault.before}  ->  {fault.after}", flush=True)
        _write(options.o, done, len(faults))
    shutil.rmtree(tree.parent)
    print(_summary(done, len(faults)))


def _write(path: Path, done: list[Fault], wanted: int) -> None:
    survived = [asdict(fault) for fault in done if fault.outcome == SURVIVED]
    content = {"summary": _summary(done, wanted), "survived": survived, "all": [asdict(fault) for fault in done]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _summary(done: list[Fault], wanted: int) -> str:
    rooms = Counter(fault.module.split("/")[0] for fault in done)
    left = Counter(fault.module.split("/")[0] for fault in done if fault.outcome == SURVIVED)
    each = ", ".join(f"{room} {left[room]} of {count}" for room, count in sorted(rooms.items()))
    share = left.total() / max(len(done), 1)
    return f"{len(done)} of {wanted} faults tried, {left.total()} survived ({share:.0%}): {each}"


if __name__ == "__main__":
    main()
