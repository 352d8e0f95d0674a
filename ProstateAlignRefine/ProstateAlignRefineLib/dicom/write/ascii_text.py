"""Text for DICOM attributes: ASCII, since results inherit the source's character set, and within its length."""

from __future__ import annotations

import re

from ...core.errors import InputError

LONG_STRING = 64  # VR LO
LONG_TEXT = 10240  # VR LT


def checked_text(text: str, what: str, longest: int = LONG_STRING) -> str:
    """`text` unchanged; InputError where a DICOM attribute of `longest` characters cannot hold it."""
    if not text.isascii() or not text.isprintable() or "\\" in text:
        raise InputError(f"The {what} holds letters that DICOM export cannot carry; use plain English letters.")
    if not text.strip():
        raise InputError(f"The {what} is empty; give it a text.")
    if len(text) > longest:
        raise InputError(f"The {what} has {len(text)} characters, but DICOM carries {longest}; shorten it.")
    return text


def fitting_clause(text: str, longest: int = LONG_STRING) -> str:
    """As much of the sentence as fits, ended at a comma, semicolon or full stop; empty where no clause does, or where
    the text is not plain ASCII."""
    if not text.isascii() or not text.isprintable() or "\\" in text:
        return ""
    ends = [end.start() for end in re.finditer(r"[,;.](?= |$)", text) if end.start() <= longest]
    whole = len(text) if len(text) <= longest else 0
    return text[: max([*ends, whole], default=0)].strip(" ,;.")
