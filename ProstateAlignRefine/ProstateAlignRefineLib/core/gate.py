"""The confidence gate: where, and how strongly, the refiner may edit the base output (docs/method.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .maps import Maps

Tensor = TypeVar("Tensor")

ADDED, REMOVED = 1, 2


def gate_logits(base: Tensor, refined: Tensor, confidence: Tensor, tau: float, alpha: float) -> Tensor:
    """base + alpha * (refined - base) * [confidence > tau], for numpy arrays and torch tensors alike.

    `base`, `refined`: logits or margins of one shape; `confidence`: 0 to 1, broadcastable to them. The gate is a
    comparison, so no gradient flows through the confidence. Linear in the logits: gating two-class margins equals
    gating the logits and then taking their difference.
    """
    return base + alpha * (refined - base) * (confidence > tau)  # type: ignore[operator, no-any-return]


@dataclass(frozen=True)
class Gated:
    """The outcome of one gate setting, bool [Z, Y, X]: the mask, and what it would be without the refiner."""

    mask: NDArray[np.bool_]
    base_mask: NDArray[np.bool_]

    @property
    def edits(self) -> NDArray[np.uint8]:
        """0 unchanged, 1 added by the refiner, 2 removed by it."""
        added, removed = self.mask & ~self.base_mask, self.base_mask & ~self.mask
        edits: NDArray[np.uint8] = added * np.uint8(ADDED) + removed * np.uint8(REMOVED)
        return edits


def gated_margin(maps: Maps, tau: float, alpha: float) -> NDArray[np.float32]:
    """Foreground minus background logit [Z, Y, X] under one gate setting."""
    return gate_logits(maps.base_margin, maps.refined_margin, maps.confidence, tau, alpha)


def apply_gate(maps: Maps, tau: float, alpha: float) -> Gated:
    """Foreground where the gated margin is positive."""
    return Gated(mask=gated_margin(maps, tau, alpha) > 0, base_mask=maps.base_margin > 0)


def check_gate(tau: float, alpha: float) -> None:
    """InputError unless both lie between 0 and 1."""
    for name, value in (("tau", tau), ("alpha", alpha)):
        if not 0.0 <= value <= 1.0:
            raise InputError(f"{name} is {value:g}, but it must lie between 0 and 1.")
