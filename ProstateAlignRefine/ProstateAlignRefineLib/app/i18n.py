"""Translation: Slicer's where it is there, the text itself elsewhere."""

from __future__ import annotations

try:
    # Slicer's function finds the context by looking at its caller, so it must not be wrapped.
    from slicer.i18n import tr as _
    from slicer.i18n import translate
except ImportError:

    def _(text: str) -> str:
        return text

    def translate(context: str, text: str) -> str:
        """For texts that are marked for translation in another file, which `context` names."""
        return text


__all__ = ["_", "translate"]
