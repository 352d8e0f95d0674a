"""Whether the refiner that a network was trained with edits outlines, or moves the threshold everywhere alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..core.gate import gate_logits
from ..inference.device import Compute
from ..network.bundle import Bundle
from .boundary.judging import LEAST_SPREAD
from .cases import Case
from .validate import maps_of, unmirrored

OWN_REFINER = "network's own refiner"
"""In a bundle's metrics."""


@dataclass(frozen=True)
class OwnEdits:
    """On validation cases, where the gate lets it edit. `mean`, `spread`: of the margin's change, at full strength.
    `open`, `removed`, `added`: voxels that the gate opens, and that change sides at its strength."""

    mean: float
    spread: float
    open: int
    removed: int
    added: int

    @property
    def sentence(self) -> str:
        """What a reader of the card, or of the run's answer, must know of it."""
        if not self.open:
            return "The gate opens nowhere on the validation cases, so the network's own refiner edits nothing there."
        found = (
            f"mean {self.mean:+.3f} and standard deviation {self.spread:.3f} in {self.open} voxels; {self.removed} "
            f"removed, {self.added} added"
        )
        if self.spread < LEAST_SPREAD * abs(self.mean):
            return (
                f"The network's own refiner is mostly a constant where its gate lets it edit (change of the margin on "
                f"validation cases: {found}): it moves the threshold rather than outlines. teach-refiner teaches one "
                "that edits."
            )
        return f"The network's own refiner varies where its gate lets it edit (change of the margin: {found})."


def own_edits(bundle: Bundle, cases: Iterable[Case], compute: Compute) -> OwnEdits:
    """At the bundle's gate."""
    read, gate = unmirrored(bundle), (bundle.config.tau, bundle.config.alpha)
    changes, removed, added = [np.zeros(0, np.float32)], 0, 0
    for case in cases:
        maps = maps_of(read, case, compute)
        base, refined, confidence = maps["base_margin"], maps["refined_margin"], maps["confidence"]
        before, after = base > 0, gate_logits(base, refined, confidence, *gate) > 0
        changes.append((refined - base)[confidence > bundle.config.tau])
        removed, added = removed + int((before & ~after).sum()), added + int((after & ~before).sum())
    all_of_them = np.concatenate(changes).astype(np.float64)
    if not len(all_of_them):
        return OwnEdits(0.0, 0.0, 0, removed, added)
    return OwnEdits(
        round(float(all_of_them.mean()), 4), round(float(all_of_them.std()), 4), len(all_of_them), removed, added
    )
