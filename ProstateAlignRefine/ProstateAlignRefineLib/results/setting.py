"""What a reader moves: the gate, the smallest lesion, and the painted voxels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import Array

NO_VOXELS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Paint:
    """Voxels the reader painted into or erased from the lesions: flat indices into the T2W volume [z, y, x]."""

    added: NDArray[np.int64] = field(default_factory=lambda: NO_VOXELS)
    erased: NDArray[np.int64] = field(default_factory=lambda: NO_VOXELS)

    def __bool__(self) -> bool:
        return bool(self.added.size or self.erased.size)

    def over(self, earlier: Paint) -> Paint:
        """Both strokes, this one last."""
        added = np.union1d(np.setdiff1d(earlier.added, self.erased), self.added)
        erased = np.union1d(np.setdiff1d(earlier.erased, self.added), self.erased)
        return Paint(added, erased)


@dataclass(frozen=True)
class Setting:
    """All that decides which lesions the maps hold: `tau` and `alpha` of the gate (both 0 to 1), the volume below which
    a component is dropped, and the reader's paint, which never is."""

    tau: float
    alpha: float
    minimum_ml: float = 0.0
    paint: Paint = field(default_factory=Paint)

    @property
    def gate(self) -> tuple[float, float]:
        """`tau` and `alpha`, to be compared."""
        return self.tau, self.alpha

    def moved(self, tau: float, alpha: float) -> Setting:
        """The same with another gate."""
        return replace(self, tau=tau, alpha=alpha)


def paint_between(before: Array, after: Array) -> Paint:
    """The reader's strokes between two label volumes of the whole T2W grid."""
    was, now = before.ravel() > 0, after.ravel() > 0
    return Paint(np.flatnonzero(now & ~was), np.flatnonzero(was & ~now))
