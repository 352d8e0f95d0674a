"""A study whose truth is known, and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.files import replacing_folder
from ..core.geometry import to_array, to_image
from ..core.study import Modality, Study


@dataclass(frozen=True, eq=False)
class KnownStudy:
    """`lesions` (0 or the lesion's number) and `zones` (`anatomy.GlandZone` codes): uint8 [Z, Y, X] on the T2W grid."""

    name: str
    study: Study
    lesions: NDArray[np.uint8]
    zones: NDArray[np.uint8]

    @property
    def gland(self) -> NDArray[np.bool_]:
        return self.zones > 0


def save_known(known: KnownStudy, folder: Path) -> None:
    """Written whole or not at all; the folder's name is the study's."""
    with replacing_folder(folder) as temporary:
        for modality in Modality:
            sitk.WriteImage(known.study.volume(modality), str(_file(temporary, modality.value)))
        for name in ("lesions", "zones"):
            labels = to_image(getattr(known, name), known.study.grid)
            sitk.WriteImage(labels, str(_file(temporary, name)), useCompression=True)


def load_known(folder: Path) -> KnownStudy:
    t2w, adc, hbv = (sitk.ReadImage(str(_file(folder, modality.value))) for modality in Modality)
    lesions, zones = (to_array(sitk.ReadImage(str(_file(folder, name)))) for name in ("lesions", "zones"))
    return KnownStudy(folder.name, Study(t2w, adc, hbv), lesions, zones)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.mha"
