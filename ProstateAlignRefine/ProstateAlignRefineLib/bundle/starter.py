"""Where the model that comes with the program lies."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import InputError
from .config import CONFIG_FILE

LIBRARY = Path(__file__).resolve().parent.parent


def find_starter() -> Path | None:
    """The starter bundle of an installed package or of a source checkout."""
    candidates = (LIBRARY / "Models" / "starter", LIBRARY.parent.parent / "Resources" / "Models" / "starter")
    return next((folder for folder in candidates if (folder / CONFIG_FILE).is_file()), None)


def starter_bundle_path() -> Path:
    """The same; InputError where there is none."""
    folder = find_starter()
    if folder is None:
        raise InputError("No starter model is installed with this program; name a model bundle with --model.")
    return folder
