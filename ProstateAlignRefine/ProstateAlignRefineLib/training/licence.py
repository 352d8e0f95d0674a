"""Under which licence labels came, where the folder says so."""

from __future__ import annotations

from pathlib import Path

from .layout import nearest

_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")
_MOST_BYTES = 100_000
_KNOWN = {
    "Attribution-NonCommercial-ShareAlike 4.0 International": "CC BY-NC-SA 4.0",
    "Attribution-NonCommercial 4.0 International": "CC BY-NC 4.0",
    "Attribution-ShareAlike 4.0 International": "CC BY-SA 4.0",
    "Attribution 4.0 International": "CC BY 4.0",
    "CC0 1.0 Universal": "CC0 1.0",
}
"""The heading of a licence's text, and the licence's name."""


def licence_of(labels: Path) -> str:
    """Of the licence file in or above the labels' folder, as picai_labels has one; empty where none is recognised."""
    path = nearest(labels, _FILES)
    if path is None or not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return next((name for heading, name in _KNOWN.items() if heading in text), "")
