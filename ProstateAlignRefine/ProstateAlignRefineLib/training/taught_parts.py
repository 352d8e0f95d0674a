"""Parts of a bundle that were taught on its answers, taken out where those answers are about to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..bundle.config import ModelConfig
from ..core import schema

REFINER_HEADING, FINDINGS_HEADING = "## The refiner on found lesions", "## A finding's confidence"
REFINER, NETWORK_GATE = "refiner", "gate of the network's own refiner"
"""In a bundle's metrics: what its boundary refiner reached, and there the gate that it took the place of."""
_NEXT = "\n## "


@dataclass(frozen=True)
class EditGate:
    """Confidence above which the refiner edits, and how strongly it does."""

    tau: float
    alpha: float


def network_gate(config: ModelConfig) -> EditGate | None:
    """The gate of the network's own refiner; None where a boundary refiner took its place and did not note it."""
    if REFINER not in config.metrics:
        return EditGate(config.tau, config.alpha)
    reached = config.metrics[REFINER]
    kept = reached.get(NETWORK_GATE) if isinstance(reached, Mapping) else None
    return None if kept is None else schema.from_dict(EditGate, kept, f"'{NETWORK_GATE}' in the model's metrics")


def without_refiner(config: ModelConfig) -> ModelConfig:
    """At the network's own gate, or where that is not known at alpha 0, which edits nothing; without the rule of
    findings, which was fitted at the boundary refiner's."""
    gate = network_gate(config) or EditGate(config.tau, 0.0)
    metrics = {name: value for name, value in config.metrics.items() if name != REFINER}
    return replace(config, tau=gate.tau, alpha=gate.alpha, metrics=metrics, findings=None)


def without_section(card: str, heading: str) -> str:
    """The card without the section of this heading of the second level."""
    before, found, behind = card.partition(f"{heading}\n")
    if not found:
        return card
    _, _, others = behind.partition(_NEXT)
    return f"{before.rstrip()}\n" + (f"{_NEXT}{others}" if others else "")
