"""What a phantom is: a study, the truth it was made from, and the facts of its lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.anatomy import GlandZone
from ..core.geometry import to_array
from ..core.places import Level, Side
from ..core.study import Study


class Zone(IntEnum):
    """Codes of the zone map. The gland is everything from PERIPHERAL to URETHRA."""

    BACKGROUND = 0
    PERIPHERAL = 1
    TRANSITION = 2
    CENTRAL = 3
    ANTERIOR_STROMA = 4
    URETHRA = 5
    SEMINAL_VESICLES = 6
    BLADDER = 7
    RECTUM = 8
    BONE = 9
    MUSCLE = 10


GLAND_ZONES = (Zone.PERIPHERAL, Zone.TRANSITION, Zone.CENTRAL, Zone.ANTERIOR_STROMA, Zone.URETHRA)


def gland_zones(zones: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`Zone` codes as `GlandZone` codes, voxel by voxel; the urethra counts as transition zone."""
    codes = np.zeros(len(Zone), np.uint8)
    for zone in GlandZone:
        codes[zone] = zone
    codes[Zone.URETHRA] = GlandZone.TRANSITION
    return codes[zones]


@dataclass(frozen=True)
class LesionFact:
    """One lesion as it lies in `Truth.lesions` under `label`."""

    label: int
    zone: Zone
    side: Side
    level: Level
    volume_ml: float
    centre_lps: tuple[float, float, float]
    adc: float
    """Typical ADC of the lesion's tissue before noise and partial volume, 1e-6 mm2/s."""


@dataclass(frozen=True)
class Truth:
    """Labels on the T2W grid (uint8) and the facts of each lesion, in label order.

    `lesions` holds 0 and instances 1..n; `zones` holds `Zone` codes and ignores lesions: a lesion's voxels keep the
    zone they grew in.
    """

    lesions: sitk.Image
    zones: sitk.Image
    facts: tuple[LesionFact, ...]

    @property
    def gland(self) -> sitk.Image:
        """uint8 mask of the whole prostate."""
        mask = np.isin(to_array(self.zones), GLAND_ZONES).astype(np.uint8)
        image = sitk.GetImageFromArray(mask)
        image.CopyInformation(self.zones)
        return image


@dataclass(frozen=True)
class Phantom:
    """A synthetic study and its truth; `parameters` describes what was drawn (b-values, noise, volumes, mimics)."""

    study: Study
    truth: Truth
    parameters: Mapping[str, float | str]
