"""What DICOM says of volumes that another program made of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydicom.dataset import Dataset

from ...core.match.evidence import SeriesHeader
from ..quiet import silent
from ..read.dataset import UnreadableError, read_header
from ..read.frames import Frame, frames_of
from .classify import volumes_of

Key = TypeVar("Key")


@dataclass(frozen=True)
class LoadedSlices:
    """`slices`: the files of a volume, or their headers; `voxels`: how many the volume holds."""

    slices: Sequence[Path | Dataset]
    voxels: int


@silent()
def headers_of_loaded(loaded: Mapping[Key, LoadedSlices]) -> dict[Key, SeriesHeader]:
    """By the key of each volume; without those whose voxels are others than the files', such as a computed map.

    Volumes of one series are looked at together: all tell how many b-values it holds, and which are 0.
    """
    frames = {key: found for key, one in loaded.items() if (found := _frames(one))}
    series: dict[str, dict[tuple[str, int], Frame]] = {}
    for frame in (frame for found in frames.values() for frame in found):
        series.setdefault(frame.series, {})[frame.sop_instance, frame.number] = frame
    headers: dict[tuple[str, int], SeriesHeader] = {}
    for members in series.values():
        for volume, header in volumes_of(tuple(members.values())):
            headers.update({(frame.sop_instance, frame.number): header for frame in volume})
    return {key: _merged([headers[one.sop_instance, one.number] for one in found]) for key, found in frames.items()}


def _frames(loaded: LoadedSlices) -> tuple[Frame, ...]:
    found: list[Frame] = []
    try:
        for one in loaded.slices:
            found += frames_of(read_header(one), one) if isinstance(one, Path) else frames_of(one, Path())
    except UnreadableError:
        return ()
    return tuple(found) if sum(frame.rows * frame.columns for frame in found) == loaded.voxels else ()


def _merged(headers: Sequence[SeriesHeader]) -> SeriesHeader:
    """Of the slices of one loaded volume: of several where it holds more than one volume of DICOM."""
    return replace(headers[0], volumes=len({id(header) for header in headers}))
