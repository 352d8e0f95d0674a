"""How the worker is started: with which Python, on which code, in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent.parent

# Loads this library, and nothing else beside it, so that another Python's own packages are not shadowed by Slicer's.
_START = """
import importlib.util, runpy, sys
library, module = sys.argv.pop(1), sys.argv.pop(1)
spec = importlib.util.spec_from_file_location(
    "ProstateAlignRefineLib", library + "/__init__.py", submodule_search_locations=[library])
package = importlib.util.module_from_spec(spec)
sys.modules["ProstateAlignRefineLib"] = package
spec.loader.exec_module(package)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
WORKER = "ProstateAlignRefineLib.inference.worker"


@dataclass(frozen=True)
class Launch:
    """`python`: the interpreter; `environment`: what it sees."""

    python: str
    environment: Mapping[str, str]

    def command(self, folder: Path) -> list[str]:
        return program(self.python, WORKER, str(folder))


def program(python: str, module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this library with any Python."""
    return [python, "-u", "-c", _START, str(LIBRARY), module, *arguments]


def own_python() -> str:
    """PythonSlicer in Slicer, this interpreter elsewhere."""
    return shutil.which("PythonSlicer") or sys.executable


def launch_with(python: str, outside: Mapping[str, str]) -> Launch:
    """`python`: the user's own interpreter, or empty for ours. `outside`: the environment without Slicer's paths."""
    if python:
        return Launch(python, outside)
    return Launch(own_python(), dict(os.environ))
