"""Reload and Test, the developer's button: all modules of this library are imported anew."""

from __future__ import annotations

import sys

PACKAGE = __name__.split(".", maxsplit=1)[0]


def forget_library() -> list[str]:
    """Names of the modules that were forgotten."""
    names = [name for name in sys.modules if name == PACKAGE or name.startswith(PACKAGE + ".")]
    for name in names:
        del sys.modules[name]
    return names
