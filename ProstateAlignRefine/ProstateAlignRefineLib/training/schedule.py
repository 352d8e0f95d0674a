"""What happens in which epoch: the three phases (docs/method.md), the auxiliary losses' ramp, the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

STABLE_WINDOW = 5
STABLE_CHANGE = 0.05
STABLE_DICE = 0.30


class Phase(str, Enum):
    """Which loss trains: segmentation alone, with the auxiliary losses (similarity), or the refiner's on a frozen
    network."""

    SEGMENTATION = "segmentation"
    AUXILIARY = "auxiliary"
    REFINER = "refiner"


@dataclass(frozen=True)
class AuxiliaryRamp:
    """The weight of the auxiliary losses: 0, then linear to 1 over `ramp_epochs`.

    The ramp starts at the first epoch after the warm-up at which training was stable, at the latest
    `ramp_epochs` after the warm-up. Once started it stays started, and a late start ramps as an early one does.
    """

    warmup_epochs: int
    ramp_epochs: int

    def start(self, train_losses: Sequence[float], dice: Sequence[float]) -> int | None:
        """The epoch at which the ramp starts, from what the epochs so far measured; None while it is open.

        `train_losses` and `dice` (moving average of the validation foreground Dice) hold one value for every
        finished epoch; epoch n is decided by the values of the epochs before it.
        """
        for epoch in range(self.warmup_epochs, len(train_losses) + 1):
            latest = epoch >= self.warmup_epochs + self.ramp_epochs
            if latest or is_stable(train_losses[:epoch], dice[:epoch]):
                return epoch
        return None

    def scale(self, epoch: int, start: int | None) -> float:
        """0 to 1 at `epoch`, which is (epoch - start + 1) / ramp_epochs from the start on."""
        if start is None or epoch < start:
            return 0.0
        return min(1.0, (epoch - start + 1) / max(self.ramp_epochs, 1))


def is_stable(train_losses: Sequence[float], dice: Sequence[float]) -> bool:
    """Mean loss of the last 5 epochs within 5 % of the 5 before, or the latest Dice at least 0.30."""
    if dice and dice[-1] >= STABLE_DICE:
        return True
    if len(train_losses) < 2 * STABLE_WINDOW:
        return False
    recent = float(np.mean(train_losses[-STABLE_WINDOW:]))
    before = float(np.mean(train_losses[-2 * STABLE_WINDOW : -STABLE_WINDOW]))
    return abs(recent - before) <= STABLE_CHANGE * abs(before)


@dataclass(frozen=True)
class Phases:
    """Epochs of joint training (segmentation, then auxiliary losses), followed by the refiner's fine-tuning."""

    joint_epochs: int
    refiner_epochs: int

    @property
    def epochs(self) -> int:
        """Of the whole run."""
        return self.joint_epochs + self.refiner_epochs

    def phase(self, epoch: int, auxiliary_scale: float) -> Phase:
        """`auxiliary_scale`: the weight of the auxiliary losses at this epoch, 0 to 1."""
        if epoch >= self.joint_epochs:
            return Phase.REFINER
        return Phase.AUXILIARY if auxiliary_scale > 0 else Phase.SEGMENTATION


def poly_rate(initial: float, epoch: int, epochs: int, power: float = 0.9) -> float:
    """nnU-Net's learning rate: initial * (1 - epoch / epochs) ** 0.9."""
    rate: float = initial * (1.0 - epoch / epochs) ** power
    return rate
