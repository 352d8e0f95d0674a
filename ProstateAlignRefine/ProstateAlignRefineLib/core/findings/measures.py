"""What a finding's confidence is told from: the network's answer there, and the three images against the gland."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy import GlandZone
from ..boxes import Box, boxes_of
from ..geometry import Array
from ..maps import Maps
from ..study import Modality

UNSUSPICIOUS = -2.0
"""Margin (logit) up to which gland counts as ordinary tissue."""
LEAST_TISSUE_ML = 1.0
"""Of a zone: with less, the whole gland is the comparison."""

MEASURES = (
    "peak_margin",
    "log_volume_ml",
    "similarity_logit",
    "t2w_contrast",
    "adc_contrast",
    "hbv_contrast",
    "adc",
    "peripheral_share",
    "outside_share",
)
"""Of each finding. The margin is a logit, without the refiner. Contrasts: its mean less the median of the tissue of its
zone, in half the range from the 16th to the 84th percentile of that tissue (a standard deviation where it is normal).
`adc`: mean, in 1e-3 mm2/s. Shares: of its voxels, in the peripheral zone and outside the gland."""


@dataclass(frozen=True, eq=False)
class OrdinaryTissue:
    """The images [Z, Y, X] on the maps' grid, and what ordinary tissue of each zone looks like in them.

    `usual`: median and spread by modality; of the whole gland under `GlandZone.OUTSIDE`, and where there is no
    plausible gland, of all that the network saw.
    """

    maps: Maps
    images: Mapping[Modality, Array]
    usual: Mapping[GlandZone, Mapping[Modality, tuple[float, float]]]

    @classmethod
    def of(cls, maps: Maps, images: Mapping[Modality, Array]) -> OrdinaryTissue:
        """From voxels whose margin is far below a finding's; where a zone has too few, those of all zones count."""
        gland = maps.gland()
        calm = (maps.base_margin <= UNSUSPICIOUS) & (maps.confidence > 0 if gland is None else gland)
        fewest = LEAST_TISSUE_ML / maps.grid.voxel_ml
        usual = {}
        for zone in GlandZone:
            own = calm if zone is GlandZone.OUTSIDE or maps.zones is None else calm & (maps.zones == zone)
            where = own if np.count_nonzero(own) >= fewest else calm
            usual[zone] = {modality: _usual(image[where]) for modality, image in images.items()}
        return cls(maps, images, usual)

    def within(self, box: Box, maps: Maps) -> OrdinaryTissue:
        """The images in a box with the maps there, as views, beside what is usual in all of them."""
        images = {modality: image[box.slices] for modality, image in self.images.items()}
        return OrdinaryTissue(maps, images, self.usual)

    def measures(self, labels: NDArray[np.integer]) -> NDArray[np.float64]:
        """[n, len(MEASURES)] of the findings 1..n of labels [Z, Y, X] on the maps' grid, in their order."""
        rows = [self._of(box.slices, labels[box.slices] == label) for label, box in boxes_of(labels)]
        return np.array(rows, float).reshape(-1, len(MEASURES))

    def _of(self, box: tuple[slice, slice, slice], inside: NDArray[np.bool_]) -> tuple[float, ...]:
        maps = self.maps
        similarity = float(np.clip(maps.similarity[box][inside].mean(), 1e-6, 1 - 1e-6))
        zones = np.zeros(1, np.uint8) if maps.zones is None else maps.zones[box][inside]
        counts = np.bincount(zones, minlength=len(GlandZone))
        named = GlandZone(int(counts[1:].argmax()) + 1) if counts[1:].any() else GlandZone.OUTSIDE
        means = {modality: float(image[box][inside].mean()) for modality, image in self.images.items()}
        contrasts = [(means[m] - self.usual[named][m][0]) / self.usual[named][m][1] for m in Modality]
        return (
            float(maps.base_margin[box][inside].max()),
            float(np.log(np.count_nonzero(inside) * maps.grid.voxel_ml)),
            float(np.log(similarity / (1 - similarity))),
            *contrasts,
            means[Modality.ADC] / 1000.0,
            float(counts[GlandZone.PERIPHERAL] / counts.sum()),
            float(counts[GlandZone.OUTSIDE] / counts.sum()),
        )


def _usual(values: Array) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    low, middle, high = np.percentile(values, (16, 50, 84))
    return float(middle), max(float(high - low) / 2, 1e-6)
