"""The confidence gate: where, and how strongly, the refiner may edit the base output (METHOD: gate)."""

from __future__ import annotations

from typing import TypeVar

Tensor = TypeVar("Tensor")


def gate_logits(base: Tensor, refined: Tensor, confidence: Tensor, tau: float, alpha: float) -> Tensor:
    """base + alpha * (refined - base) * [confidence > tau], for numpy arrays and torch tensors alike.

    `base`, `refined`: logits or margins of one shape; `confidence`: 0 to 1, broadcastable to them. The gate is a
    comparison, so no gradient flows through the confidence. Linear in the logits: gating two-class margins equals
    gating the logits and then taking their difference.
    """
    return base + alpha * (refined - base) * (confidence > tau)  # type: ignore[operator, no-any-return]
