"""Which model bundle is taken up with a scene."""

from __future__ import annotations

from pathlib import Path

from ..bundle.starter import find_starter


def first_bundle(*named: str) -> Path | None:
    """The first of these folders that is there, else the one that comes with the extension."""
    candidates = (*(Path(text) for text in named if text), find_starter())
    return next((folder for folder in candidates if folder is not None and folder.is_dir()), None)
