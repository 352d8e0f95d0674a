"""The answer to STOW-RS (PS3.18, 10.5.3): which objects a server says it has stored, which not, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from .delivery import Answer

STORED, FAILED = "00081199", "00081198"  # Referenced and Failed SOP Sequence
_UID, _FAILURE, _WARNING = "00081155", "00081197", "00081196"
_REASONS = {  # PS3.18, annex I.2
    0x0110: "processing failure",
    0x0122: "a kind of object it does not take",
    0xA700: "out of resources",
    0xA900: "the object does not fit its class",
    0xC000: "not understood",
}


@dataclass(frozen=True)
class StoreResponse:
    """`stored` and `failed`: warning or failure reason (None where none is told) by SOP Instance UID."""

    stored: Mapping[str, int | None]
    failed: Mapping[str, int | None]

    def about(self, uid: str, status: int) -> Answer:
        """What it says of one object."""
        if uid in self.failed:
            return Answer(False, f"failed, {_reason(self.failed[uid])}")
        if uid in self.stored:
            warning = self.stored[uid]
            return Answer(True, "" if warning is None else f"a warning ({warning:04X})")
        return Answer(False, f"the answer (HTTP {status}) does not name it")


def store_response(content: bytes, content_type: str) -> StoreResponse | None:
    """The Store Instances Response in DICOM JSON or XML; None where the content is none."""
    try:
        in_xml = "xml" in content_type
        answer = _of_xml(ElementTree.fromstring(content)) if in_xml else json.loads(content)
        items = answer if isinstance(answer, list) else [answer]
        stored, failed = ({uid: why for one in items for uid, why in _items(one, tag)} for tag in (STORED, FAILED))
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, ElementTree.ParseError):
        return None
    return StoreResponse(stored, failed)


def _items(answer: Mapping[str, Any], tag: str) -> Iterator[tuple[str, int | None]]:
    for item in answer.get(tag, {}).get("Value") or []:
        reason = next(
            (item[name]["Value"][0] for name in (_FAILURE, _WARNING) if item.get(name, {}).get("Value")), None
        )
        yield str(item[_UID]["Value"][0]).strip(" \0"), None if reason is None else int(reason)


def _of_xml(element: ElementTree.Element) -> dict[str, Any]:
    """The Native DICOM Model (PS3.19, A.1) in the shape of DICOM JSON."""
    found: dict[str, Any] = {}
    for attribute in element:
        parts = [_of_xml(part) if part.tag.endswith("Item") else (part.text or "").strip() for part in attribute]
        found[attribute.attrib["tag"].upper()] = {"Value": parts}
    return found


def _reason(code: int | None) -> str:
    if code is None:
        return "no reason told"
    words = _REASONS.get(code) or _REASONS.get(code & 0xFF00)
    return f"reason {code:04X}" + (f": {words}" if words else "")
