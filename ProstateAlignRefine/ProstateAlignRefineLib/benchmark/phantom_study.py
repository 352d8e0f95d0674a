"""A study whose truth is known, and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import to_array, to_image
from ..core.maps import read_volume
from ..core.storage.files import new_folder
from ..core.storage.image_writing import write_image
from ..core.study import Modality, Study


@dataclass(frozen=True, eq=False)
class PhantomStudy:
    """`lesions` (0 or the lesion's number) and `zones` (`anatomy.GlandZone` codes): uint8 [Z, Y, X] on the T2W grid."""

    name: str
    study: Study
    lesions: NDArray[np.uint8]
    zones: NDArray[np.uint8]

    @property
    def gland(self) -> NDArray[np.bool_]:
        """[Z, Y, X] on the T2W grid."""
        return self.zones > 0


def save_phantom_study(phantom: PhantomStudy, folder: Path) -> None:
    """Written whole or not at all; the folder's name is the study's."""
    with new_folder(folder) as temporary:
        for modality in Modality:
            write_image(phantom.study.volume(modality), _file(temporary, modality.value), compressed=False)
        for name in ("lesions", "zones"):
            labels = to_image(getattr(phantom, name), phantom.study.grid)
            write_image(labels, _file(temporary, name))


def load_phantom_study(folder: Path) -> PhantomStudy:
    """What `phantom` wrote into the cache; InputError where a file is missing or damaged."""
    t2w, adc, hbv = (read_volume(_file(folder, modality.value)) for modality in Modality)
    lesions, zones = (to_array(read_volume(_file(folder, name))) for name in ("lesions", "zones"))
    return PhantomStudy(folder.name, Study(t2w, adc, hbv), lesions, zones)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.mha"
