"""Cases on the network grid, made once and kept as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from ..core.errors import InputError
from ..core.storage.files import replacing_file
from .cases import Case
from .pool import mapped

CASE_FORMAT = 1
"""Raise it where the same study would become another case: what is kept under an earlier number is not read again."""

Source = TypeVar("Source")


def case_key(*facts: object) -> str:
    """SHA-256 of the case format and of all else (plain JSON values) that decides what a case holds."""
    return hashlib.sha256(json.dumps([CASE_FORMAT, *facts], sort_keys=True).encode()).hexdigest()


def keep_cases(
    wanted: Sequence[tuple[Path, Source]], make: Callable[[Source], Case], workers: int, progress: str
) -> None:
    """Makes and writes the cases of `wanted` (file and what it is made from) that lack, by `workers` processes.

    All of them before anything is read, so that an unusable case shows before training and not in the middle of it.
    """
    lacking = [item for item in wanted if not item[0].is_file()]
    made = mapped(partial(_make, make), lacking, workers)
    for _ in tqdm(made, progress, len(lacking), unit="case", disable=not lacking):
        pass


def load_case(path: Path, name: str) -> Case:
    """A case that `keep_cases` wrote; InputError where it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            z, y, x = (float(value) for value in stored["spacing_mm"])
            return Case(name, stored["volumes"], stored["lesions"], (z, y, x), stored.get("zones"))
    except Exception:  # a damaged file can fail anywhere in the parser
        raise InputError(f"What is kept of case {name} cannot be read; delete the folder of cases.") from None


def _make(make: Callable[[Source], Case], item: tuple[Path, Source]) -> None:
    path, source = item
    case = make(source)
    arrays: dict[str, Any] = {
        "volumes": case.volumes,
        "lesions": case.lesions,
        "spacing_mm": np.asarray(case.spacing_mm),
    }
    if case.zones is not None:
        arrays["zones"] = case.zones
    with replacing_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)
