"""Header values that no reader can decode or no writer can write: left out of the copies that results refer to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO

from pydicom import DataElement, dcmwrite
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

_UTF_8 = "ISO_IR 192"
_tag = cache(Tag)


def sound_copy(header: Dataset, keywords: Sequence[str]) -> tuple[Dataset, tuple[str, ...]]:
    """The elements of these keywords, and the keywords of those that cannot be decoded."""
    copy = Dataset()
    damaged = []
    for keyword in keywords:
        tag = _tag(keyword)
        if tag not in header:
            continue
        element = _decoded(header, tag)
        if element is None:
            damaged.append(keyword)
        else:
            copy[tag] = element
    return copy, tuple(damaged)


def unwritable(header: Dataset) -> tuple[str, ...]:
    """The keywords of the elements that cannot be written; empty where it can be written whole."""
    if _is_writable(header):
        return ()
    return tuple(element.keyword for element in header if not _is_writable_alone(element))


def _decoded(item: Dataset, tag: BaseTag) -> DataElement | None:
    """The element, of a sequence a copy less what is damaged within it; None where it cannot be decoded."""
    try:
        element: DataElement = item[tag]
        if element.VR != "SQ":
            return element
        return DataElement(element.tag, "SQ", [_sound_item(one) for one in element.value])
    except Exception:  # whatever the decoder of this kind of value raises
        return None


def _sound_item(item: Dataset) -> Dataset:
    """Without private elements, which mean nothing in a result."""
    copy = Dataset()
    for tag in list(item.keys()):
        element = None if tag.is_private else _decoded(item, tag)
        if element is not None:
            copy.add(element)
    return copy


def _is_writable_alone(element: DataElement) -> bool:
    single = Dataset()
    single.add(element)
    return _is_writable(single)


def _is_writable(header: Dataset) -> bool:
    """Whether pydicom writes it, with texts in UTF-8, which holds whatever was decoded."""
    copy = Dataset()
    copy.update(header)
    copy.SpecificCharacterSet = _UTF_8
    try:
        dcmwrite(BytesIO(), copy, implicit_vr=False, little_endian=True)
    except Exception:  # whatever the encoder of this kind of value raises
        return False
    return True
