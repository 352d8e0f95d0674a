"""The diffusion b-value of an image, s/mm2: standard tags, then vendors' private ones, sequence name."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from .csa import csa_number
from .values import sound, value_of

_MOST = 20000.0  # beyond any clinical gradient: a value above it is no b-value
_CANON = re.compile(r"b=(\d{1,5})(?:\(((?:-?\d\.\d+,){2}-?\d\.\d+)\))?")


@dataclass(frozen=True)
class BValue:
    """`value` in s/mm2 and `source`, the words that say where it stood."""

    value: float
    source: str


def b_value(header: Dataset, groups: Iterable[Dataset] = ()) -> BValue | None:
    """The b-value of one image or frame, the most trustworthy source first; None where nothing tells it.

    `groups`: the functional group items of a frame (Per-frame and Shared Functional Groups), empty for classic images.
    Sources in order: (0018,9087), also within (0018,9117); Siemens (0019,xx0C), GE (0043,xx39), Philips (2001,xx03)
    and UIH (0065,xx09) by their private creators; Sequence Name (0018,0024); the Siemens CSA header (0029,xx10);
    Canon's Image Comments (0020,4000). Names are not asked. Some scanners tell b = 0 of images that are not
    diffusion-weighted at all.
    """
    for item in (*groups, header):
        found = _standard(item) or _private(item)
        if found:
            return found
    return _sequence_name(header) or _csa(header) or _canon(header)


def canon_direction(header: Dataset) -> tuple[float, ...]:
    """The gradient direction that Canon tells in Image Comments alone, as 'b=1500(0.445,0.000,0.895)'; else empty."""
    match = _canon_comment(header)
    direction = tuple(float(part) for part in match[2].split(",")) if match and match[2] else ()
    return direction if any(direction) else ()


def _standard(item: Dataset) -> BValue | None:
    holders = [item, *(sound(value_of(item, "MRDiffusionSequence")) or [])]
    for holder in holders:
        value = _number(value_of(holder, "DiffusionBValue"), "<d")
        if value is not None and 0 <= value <= _MOST:
            return BValue(value, "DiffusionBValue")
        if value_of(holder, "DiffusionDirectionality") == "NONE":
            return BValue(0.0, "DiffusionDirectionality")
    return None


def _unchanged(value: float) -> float:
    return value


def _ge(value: float) -> float:
    """GE adds a marker of 1e9 to the value: 1000001500 is b = 1500."""
    return value % 1e9


# vendor, group, private creator, element, binary form where the value comes as bytes, decoding
_PRIVATE: tuple[tuple[str, int, str, int, str, Callable[[float], float]], ...] = (
    ("Siemens", 0x0019, "SIEMENS MR HEADER", 0x0C, "", _unchanged),
    ("GE", 0x0043, "GEMS_PARM_01", 0x39, "", _ge),
    ("Philips", 0x2001, "Philips Imaging DD 001", 0x03, "<f", _unchanged),
    ("UIH", 0x0065, "Image Private Header", 0x09, "<d", _unchanged),
)


def _private(item: Dataset) -> BValue | None:
    for vendor, group, creator, element, binary, decode in _PRIVATE:
        try:
            raw = item.private_block(group, creator)[element].value
        except KeyError:
            continue
        value = _number(raw, binary)
        if value is not None and 0 <= decode(value) <= _MOST:
            return BValue(decode(value), f"the {vendor} private tag")
    return None


def _sequence_name(header: Dataset) -> BValue | None:
    """Siemens: '*ep_b800t', '*ep_b1000#3'; '*ep_b50_800' names a range, not a b-value."""
    match = re.search(r"(?<![a-z])b(\d{1,5})(?:t|#\d*)?$", str(value_of(header, "SequenceName") or "").strip().lower())
    return BValue(float(match[1]), "SequenceName") if match else None


def _csa(header: Dataset) -> BValue | None:
    try:
        raw = header.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value
    except KeyError:
        return None
    value = csa_number(raw, "B_value") if isinstance(raw, bytes) else None
    return BValue(value, "the Siemens CSA header") if value is not None and 0 < value <= _MOST else None


def _canon(header: Dataset) -> BValue | None:
    match = _canon_comment(header)
    return BValue(float(match[1]), "Canon's Image Comments") if match else None


def _canon_comment(header: Dataset) -> re.Match[str] | None:
    return _CANON.fullmatch(str(sound(value_of(header, "ImageComments")) or "").strip())


def _number(raw: object, binary: str) -> float | None:
    """A number from what a tag may hold: a number, text, several values (the first counts), or UN / OB bytes."""
    if isinstance(raw, (list, tuple, MultiValue)):
        raw = raw[0] if raw else None
    if isinstance(raw, bytes):
        return _of_bytes(raw, binary)
    try:
        return float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _of_bytes(raw: bytes, binary: str) -> float | None:
    text = raw.split(b"\\")[0].strip(b" \0")
    try:
        return float(text.decode("ascii"))
    except ValueError:
        pass
    if binary and len(raw) == struct.calcsize(binary):
        return float(struct.unpack(binary, raw)[0])
    return None
