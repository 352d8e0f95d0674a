"""One number from the Siemens CSA image header (0029,xx10): older software tells the b-value nowhere else."""

from __future__ import annotations

import struct

_MAGIC = b"SV10"
_TAG = struct.Struct("<64si4siii")  # name, multiplicity, VR, syngo type, items, check value
_ITEM = struct.Struct("<4i")  # the second number is the length of the item's text
_MOST_TAGS, _MOST_ITEMS = 1000, 1000


def csa_number(header: bytes, name: str) -> float | None:
    """The first value of tag `name` in a CSA2 header; None where it is absent, empty or the header is damaged."""
    if header[:4] != _MAGIC or len(header) < 16:
        return None
    try:
        return _search(header, name)
    except (struct.error, ValueError):
        return None


def _search(header: bytes, name: str) -> float | None:
    (count,) = struct.unpack_from("<i", header, 8)
    place = 16
    for _ in range(min(count, _MOST_TAGS)):
        title, _, _, _, items, _ = _TAG.unpack_from(header, place)
        place += _TAG.size
        values = []
        for _ in range(min(items, _MOST_ITEMS)):
            length = _ITEM.unpack_from(header, place)[1]
            if length < 0:
                return None
            place += _ITEM.size
            values.append(header[place : place + length])
            place += (length + 3) // 4 * 4
        if title.split(b"\0")[0] == name.encode():
            first = values[0].split(b"\0")[0].strip() if values else b""
            return float(first) if first else None
    return None
