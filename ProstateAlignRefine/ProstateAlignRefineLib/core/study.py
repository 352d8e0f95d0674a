"""A biparametric prostate MRI study: three volumes, each with its own geometry in one patient space."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk

from .cautions import Caution
from .geometry import Grid
from .orientation import axial_order

if TYPE_CHECKING:
    from collections.abc import Mapping


class Modality(str, Enum):
    """The three sequences of bp-MRI in the order of channels. HBV: the acquired or computed high b-value image."""

    T2W = "t2w"
    ADC = "adc"
    HBV = "hbv"


@dataclass(frozen=True)
class Study:
    """T2W, ADC (1e-6 mm2/s) and HBV as scanned, in LPS patient space.

    However the volumes given are stored, those held are in axial order: third axis to the head, first to the left.
    `stored`: the grid of the T2W as it was given, with the same voxels in their own order.
    `headers` holds the DICOM headers of each volume's slices (pydicom datasets without pixels) where the study came
    from DICOM, and is empty otherwise. `reasons` says, a sentence a modality, why that series or file was taken.
    `cautions`: what a reader must know of the images. `planes`: sagittal and coronal T2W, by these names, where they
    were asked for: to look at, nothing is computed from them.
    """

    t2w: sitk.Image
    adc: sitk.Image
    hbv: sitk.Image
    headers: Mapping[Modality, tuple[Any, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reasons: Mapping[Modality, str] = field(default_factory=lambda: MappingProxyType({}))
    cautions: tuple[Caution, ...] = ()
    stored: Grid | None = None
    planes: Mapping[str, sitk.Image] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.stored is None and self.t2w.GetDimension() == 3:
            object.__setattr__(self, "stored", Grid.of(self.t2w))
        for modality in Modality:
            image = self.volume(modality)
            if image.GetDimension() == 3:
                object.__setattr__(self, modality.value, axial_order(Grid.of(image)).of_image(image))

    @property
    def grid(self) -> Grid:
        """The T2W grid, on which every result lies."""
        return Grid.of(self.t2w)

    def volume(self, modality: Modality) -> sitk.Image:
        """The image as it was read, on its own grid."""
        volumes: dict[Modality, sitk.Image] = {Modality.T2W: self.t2w, Modality.ADC: self.adc, Modality.HBV: self.hbv}
        return volumes[modality]
