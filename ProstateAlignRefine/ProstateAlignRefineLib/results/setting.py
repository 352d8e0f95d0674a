"""What a reader moves: the gate, the smallest lesion, and the painted voxels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..core.boxes import Box
from ..core.errors import InputError
from ..core.geometry import Array

MOST_FALSE_POSITIVES = 20.0
NO_VOXELS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Paint:
    """Voxels the reader painted into or erased from the lesions: flat indices into the T2W volume [z, y, x]."""

    added: NDArray[np.int64] = field(default_factory=lambda: NO_VOXELS)
    erased: NDArray[np.int64] = field(default_factory=lambda: NO_VOXELS)

    def __bool__(self) -> bool:
        return bool(self.added.size or self.erased.size)

    def within(self, box: Box, shape: tuple[int, int, int]) -> Paint:
        """The voxels in a box of a volume of `shape`, as flat indices into the box."""
        return Paint(*(_flat_within(flat, box, shape) for flat in (self.added, self.erased)))

    def over(self, earlier: Paint) -> Paint:
        """Both strokes, this one last."""
        added = np.union1d(np.setdiff1d(earlier.added, self.erased), self.added)
        erased = np.union1d(np.setdiff1d(earlier.erased, self.added), self.erased)
        return Paint(added, erased)


@dataclass(frozen=True)
class Setting:
    """All that decides which lesions the maps hold: `tau` and `alpha` of the gate (both 0 to 1), the volume below which
    a component is dropped, and the reader's paint, which never is.

    `false_positives`: findings below the model's operating point are shown as candidates, down to where this many false
    positives a study are expected in all; 0 shows none.
    """

    tau: float
    alpha: float
    minimum_ml: float = 0.0
    paint: Paint = field(default_factory=Paint)
    false_positives: float = 0.0

    @property
    def gate(self) -> tuple[float, float]:
        """`tau` and `alpha`, to be compared."""
        return self.tau, self.alpha

    def moved(self, tau: float, alpha: float) -> Setting:
        """The same with another gate."""
        return replace(self, tau=tau, alpha=alpha)


def check_false_positives(rate: float) -> None:
    """InputError where no study could have so many."""
    if not 0.0 <= rate <= MOST_FALSE_POSITIVES:
        raise InputError(
            f"{rate:g} expected false positives a study cannot be; give a number from 0 to {MOST_FALSE_POSITIVES:g}."
        )


def paint_between(before: Array, after: Array) -> Paint:
    """The reader's strokes between two label volumes of the whole T2W grid."""
    was, now = before.ravel() > 0, after.ravel() > 0
    return Paint(np.flatnonzero(now & ~was), np.flatnonzero(was & ~now))


def _flat_within(flat: NDArray[np.int64], box: Box, shape: tuple[int, int, int]) -> NDArray[np.int64]:
    if not flat.size:
        return NO_VOXELS
    places = np.stack(np.unravel_index(flat, shape), axis=1) - box.low
    inside = places[((places >= 0) & (places < box.shape)).all(axis=1)]
    indices: NDArray[np.int64] = np.ravel_multi_index(tuple(inside.T), box.shape).astype(np.int64)
    return indices
