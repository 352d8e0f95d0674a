"""This Python as after `pip install .`: what the base packages do not bring cannot be imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TESTING = Path(__file__).resolve().parents[1]


class BaseOnly:
    """A finder that refuses every installed module of other distributions, and none of Python's own."""

    def __init__(self, distribution: str) -> None:
        brought = _brought(distribution)
        self._refused = {
            module
            for module, owners in metadata.packages_distributions().items()
            if not brought & {canonicalize_name(owner) for owner in owners}
        }

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self._refused:
            raise ModuleNotFoundError(name, name=name)


def environment() -> Mapping[str, str]:
    """In which a further Python finds this module and the library."""
    paths = TESTING, TESTING.parent / "ProstateAlignRefine"
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}


def use_base_only() -> None:
    """Before anything of the library is imported."""
    sys.meta_path.insert(0, BaseOnly("prostate-align-refine"))


def _brought(distribution: str) -> set[str]:
    """With no extras but those that are named on the way, as far down as it goes."""
    found: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(distribution), "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        try:
            needed = [Requirement(text) for text in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:  # of another platform
            continue
        applying = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": extra})]
        waiting += [(canonicalize_name(one.name), asked) for one in applying for asked in ("", *one.extras)]
    return {name for name, _extra in found}
