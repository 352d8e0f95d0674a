"""The MR slices of a folder, read header by header; whatever cannot be used is counted, never fatal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core.files import TEMPORARY
from ...core.signature import result_files
from ...core.staging import STAGING_NAME
from ..quiet import silent
from .dataset import UnreadableError, read_header
from .frames import Frame, frames_of


@dataclass(frozen=True)
class Scan:
    """`series`: the slices by Series Instance UID, in the order found. `skipped`: how many files, by reason."""

    series: Mapping[str, tuple[Frame, ...]]
    skipped: Mapping[str, int]

    @property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(frame for frames in self.series.values() for frame in frames)


@silent()
def scan_folder(folder: Path) -> Scan:
    """Every MR slice in `folder` and below. Copies of an instance count as skipped."""
    series: dict[str, list[Frame]] = {}
    skipped: Counter[str] = Counter()
    seen: set[str] = set()
    for path in _files(folder):
        try:
            frames = _frames(path)
        except UnreadableError as reason:
            skipped[str(reason)] += 1
            continue
        if frames[0].sop_instance in seen:
            skipped["copy of another file"] += 1
            continue
        seen.add(frames[0].sop_instance)
        series.setdefault(frames[0].series, []).extend(frames)
    return Scan({uid: tuple(frames) for uid, frames in series.items()}, dict(skipped))


def _files(folder: Path) -> Iterator[Path]:
    """All files but those this program wrote: the headers in a result are copies of the study's, without pixels."""
    ours: set[Path] = set()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != STAGING_NAME)
        if Path(parent) != folder:
            ours.update(result_files(Path(parent)))
        for path in (Path(parent, name) for name in sorted(names)):
            if path not in ours and not path.name.startswith(TEMPORARY):
                yield path


def _frames(path: Path) -> tuple[Frame, ...]:
    try:
        return frames_of(read_header(path), path)
    except UnreadableError:
        raise
    except Exception:  # values are decoded when they are asked for, so damage can show this late
        raise UnreadableError("damaged header") from None
