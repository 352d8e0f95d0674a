"""Text that came from a file, made fit for a terminal and for Qt's labels, which both obey some texts."""

from __future__ import annotations

import re

LONGEST = 10_000
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system command: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device control and other strings
    r"|[\x1b]\[[0-?]*[ -/]*[@-~]?|\x9b[0-?]*[ -/]*[@-~]?"  # control sequences
    r"|\x1b[ -/]*[0-~]?"  # every other escape
)
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
# What reorders or hides the letters around it, and what no text may hold.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Qt takes a text that seems to hold a tag for HTML, and would load pictures and follow links in it.
_TAG_STARTS = re.compile(r"<(?=\s*[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=lt;)", re.IGNORECASE)


def plain_text(text: str, longest: int = LONGEST) -> str:
    """`text` as one line without terminal escapes, control characters and markup, of at most `longest` characters.

    Line ends and tabs become a space. `<` before a letter becomes `‹`, so that Qt never takes the text for HTML. Half
    characters, which cannot be written anywhere, become `\N{REPLACEMENT CHARACTER}`.
    """
    text = _ESCAPES.sub("", text[: 2 * longest])
    text = _CONTROLS.sub("", _SPACES.sub(" ", text))
    text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _ENTITY.sub("＆", _TAG_STARTS.sub("‹", text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def is_plain(text: str) -> bool:
    """Whether `plain_text` would change nothing."""
    return plain_text(text) == text
