"""One study's findings: where they are, and how likely each is a lesion, where a rule tells that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..boxes import Box, box_of
from ..gate import gate_logits
from ..geometry import Array, around, resample, to_array
from ..maps import Maps
from ..study import Modality
from .measures import OrdinaryTissue
from .regions import FLOOR, Peaks
from .rule import FindingRule


@dataclass(frozen=True, eq=False)
class Near:
    """What lies in one box of the maps, as views. `likely`: flat indices of the voxels in it that some gate makes
    foreground. `tissue`: None where no rule asks for it."""

    box: Box
    maps: Maps
    peaks: Peaks
    tissue: OrdinaryTissue | None
    likely: NDArray[np.int64]

    def foreground(self, tau: float, alpha: float) -> NDArray[np.bool_]:
        """What the gate makes of the maps here."""
        mask = np.zeros(self.maps.grid.shape, bool)
        base, refined, confidence = self._likely_values
        mask.ravel()[self.likely] = gate_logits(base, refined, confidence, tau, alpha) > 0
        return mask

    @cached_property
    def _likely_values(self) -> tuple[Array, ...]:
        """What the gate reads of the likely voxels: base margin, refined margin and confidence."""
        maps = self.maps
        return tuple(m.ravel()[self.likely] for m in (maps.base_margin, maps.refined_margin, maps.confidence))


@dataclass(frozen=True, eq=False)
class Judge:
    """`rule`: None where the model has none, or none for its prompt. `images` [Z, Y, X], which only a rule needs: T2W,
    ADC (1e-6 mm2/s) and HBV on the grid of `maps`, which is the whole T2W's.

    What no gate setting changes is computed once, so a reader who moves the gate does not wait for it.
    """

    rule: FindingRule | None
    maps: Maps
    images: Mapping[Modality, Array]

    @cached_property
    def peaks(self) -> Peaks:
        """Of the margin before the refiner, so that they stay while the gate moves."""
        return Peaks.of(self.maps.base_margin)

    def near(self, painted: Box | None) -> Near:
        """Where alone there can be findings: where the maps allow any, and the box of the reader's paint."""
        if painted is None or self._reach.box.join(painted) == self._reach.box:
            return self._reach
        return self._within(self._reach.box.join(painted))

    def adc_near(self, adc: sitk.Image, near: Near) -> Array:
        """The ADC [Z, Y, X] in the box of `near`: that of the images, or where these are not given, `adc`."""
        if Modality.ADC in self.images:
            return self.images[Modality.ADC][near.box.slices]
        return to_array(resample(around(adc, near.maps.grid), near.maps.grid))

    @cached_property
    def _reach(self) -> Near:
        return self._within(box_of((self.maps.base_margin > FLOOR) | (self.maps.refined_margin > 0)))

    def _within(self, box: Box) -> Near:
        maps = self.maps.within(box)
        likely = np.flatnonzero(np.maximum(maps.base_margin, maps.refined_margin) > 0)
        tissue = None if self.rule is None else self.tissue.within(box, maps)
        return Near(box, maps, self.peaks.within(box), tissue, likely)

    @cached_property
    def tissue(self) -> OrdinaryTissue:
        """What findings are contrasted with; only a rule needs it."""
        return OrdinaryTissue.of(self.maps, self.images)

    def confidences(self, labels: NDArray[np.integer], near: Near) -> NDArray[np.float64] | None:
        """Of the findings 1..n of labels that fill the box of `near`; None without a rule."""
        if self.rule is None or near.tissue is None:
            return None
        return self.rule.confidences(near.tissue.measures(labels))
