"""Whether results can be written upon a study's headers: tried, in memory, before anything is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from pydicom.dataset import Dataset

from ...core.cautions import Caution
from ...core.errors import InputError
from ...core.geometry import Grid
from ...core.study import Modality
from .mending import unwritable
from .provenance import SegmentationInfo
from .seg import build_segmentation
from .source_headers import mended_header, source_header

Headers = Mapping[Modality, tuple[Dataset, ...]]
_REHEARSED = SegmentationInfo("0", 0.0, 0.0, "prostate lesion", "0" * 64)
_NO_HEADERS: Headers = MappingProxyType({})


def exportable_headers(
    headers: Mapping[Modality, Sequence[Dataset]], grid: Grid
) -> tuple[Headers, tuple[Caution, ...]]:
    """The headers as results can refer to them, and what was mended; none where no result can be written upon them.

    Where values are damaged, each header is a copy without them. `grid`: the T2W's.
    """
    copies, damage = _mended(headers)
    sources: Headers = MappingProxyType(copies if damage else {m: tuple(slices) for m, slices in headers.items()})
    cautions = (_caution(damage),) if damage else ()
    _name_the_patient(sources)
    try:
        mask = np.zeros((*grid.shape, 1), bool)
        mask[0, 0, 0] = True
        build_segmentation(mask, grid, sources, _REHEARSED)
    except InputError as error:
        text = f"Results can be written as image files only, not as DICOM: {str(error)[0].lower()}{str(error)[1:]}"
        return _NO_HEADERS, (*cautions, Caution("no-dicom-export", text))
    return sources, cautions


def _mended(headers: Mapping[Modality, Sequence[Dataset]]) -> tuple[dict[Modality, tuple[Dataset, ...]], Counter[str]]:
    """Copies that can be written, and how often which value had to be left out."""
    damage: Counter[str] = Counter()
    copies: dict[Modality, tuple[Dataset, ...]] = {}
    for modality, slices in headers.items():
        sound = []
        for header in slices:
            copy, undecoded = mended_header(header)
            lost = (*undecoded, *unwritable(copy))
            for keyword in lost:
                copy.pop(keyword, None)
            damage.update(lost)
            sound.append(source_header(copy) if lost else copy)
        copies[modality] = tuple(sound)
    return copies, damage


def _caution(damage: Mapping[str, int]) -> Caution:
    names = ", ".join(f"{keyword} of {count} images" for keyword, count in damage.items())
    return Caution("header-values-damaged", f"Header values cannot be read, and results leave them out: {names}.")


def _name_the_patient(headers: Headers) -> None:
    """Images without Patient ID get that of the others: a result takes it from the first T2W slice."""
    images = [header for slices in headers.values() for header in slices]
    named = [header for header in images if header.get("PatientID")]
    for header in images:
        if named and not header.get("PatientID"):
            header.PatientID = named[0].PatientID
            if not header.get("PatientName"):
                header.PatientName = named[0].get("PatientName", "")
