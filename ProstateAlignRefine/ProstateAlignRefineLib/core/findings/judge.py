"""One study's findings: where they are, and how likely each is a lesion, where a rule tells that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..geometry import Array
from ..maps import Maps
from ..study import Modality
from .measures import OrdinaryTissue
from .regions import Peaks
from .rule import FindingRule


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
        return Peaks.of(self.maps.base_margin)

    @cached_property
    def tissue(self) -> OrdinaryTissue:
        return OrdinaryTissue.of(self.maps, self.images)

    def confidences(self, labels: NDArray[np.integer]) -> NDArray[np.float64] | None:
        """Of the findings 1..n of labels [Z, Y, X]; None without a rule."""
        return None if self.rule is None else self.rule.confidences(self.tissue.measures(labels))
