"""Maps as plain array files, for the way from the worker to the panel: exact, uncompressed, quick to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from . import schema
from .errors import InputError
from .geometry import Grid
from .maps import MAP_NAMES, ZONES_NAME, Maps
from .plain_data import read_json
from .storage.files import replacing_file

GRID_FILE = "grid.json"


def write_exchange(maps: Maps, folder: Path) -> None:
    """One `.npy` a map; the grid last, so that a folder with a grid is whole."""
    (folder / f"{ZONES_NAME}.npy").unlink(missing_ok=True)
    for name, array in maps.arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    with replacing_file(folder / GRID_FILE) as path:
        path.write_text(json.dumps(asdict(maps.grid)), encoding="utf-8")


def read_exchange(folder: Path) -> Maps:
    """The maps that `write_exchange` wrote; InputError where the folder is not whole."""
    try:
        content = read_json(folder / GRID_FILE, GRID_FILE, "segment again")
        grid = schema.from_dict(Grid, content, GRID_FILE, "segment again")
        names = (*MAP_NAMES, ZONES_NAME) if (folder / f"{ZONES_NAME}.npy").is_file() else MAP_NAMES
        return Maps(grid, **{name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in names})
    except Exception:  # a damaged file can fail anywhere in the parser
        raise InputError("The result of the segmentation is not complete; segment again.") from None
