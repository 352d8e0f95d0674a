"""How long the network will take, told by how long it last took on this computer; nothing is computed for it."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from ..core.errors import InputError
from ..core.plain_data import read_json
from ..core.storage.files import replacing_file

NAME = "pace.json"
MOST_KEPT = 64


def expected_seconds(bundle: str, computed: str, shape: tuple[int, ...], folder: Path | None = None) -> float:
    """Of the network on a region (z, y, x); 0 where no run on this computer has told yet.

    `bundle`: its SHA-256. `computed`: the device in words, as a result keeps it.
    """
    folder = folder or _cache_folder()
    return 0.0 if folder is None else _kept(folder).get(_key(bundle, computed), 0.0) * math.prod(shape)


def note_seconds(
    bundle: str, computed: str, shape: tuple[int, ...], seconds: float, folder: Path | None = None
) -> None:
    """Keeps what a run took, for the next; where the folder cannot be written, nothing is kept."""
    folder = folder or _cache_folder()
    if folder is None:
        return
    kept = _kept(folder)
    kept.pop(_key(bundle, computed), None)
    kept[_key(bundle, computed)] = seconds / math.prod(shape)
    with suppress(OSError, InputError), replacing_file(folder / NAME) as temporary:
        temporary.write_text(json.dumps(dict(list(kept.items())[-MOST_KEPT:])), encoding="utf-8")


def _kept(folder: Path) -> dict[str, float]:
    """Seconds a voxel; whatever cannot be read counts as not told."""
    try:
        stored = read_json(folder / NAME, "file of earlier times", "delete it")
    except (OSError, InputError):
        return {}
    pairs = stored.items() if isinstance(stored, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, float) and 0 < value < 1}


def _key(bundle: str, computed: str) -> str:
    return f"{bundle[:16]} {re.sub(r', [0-9.]+ GB free', '', computed)}"


def _cache_folder() -> Path | None:
    """Where this system keeps what a program can do without; None where it knows no home of the user, as in a
    container that runs under a bare number."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = str(Path("~", "Library", "Caches"))
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):
        return Path(base or Path("~", ".cache")).expanduser() / "prostate-align-refine"
    return None
