"""Training cases on the network grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.geometry import Grid, resample, to_array
from ..core.study import Study
from .provenance import Source
from .unseen import TrainedSplit


@dataclass(frozen=True)
class Case:
    """`volumes` [C, Z, Y, X] float16, z-scored; `lesions` [Z, Y, X] uint8 numbers, 0 for none; spacing (z, y, x).

    `zones` [Z, Y, X] uint8 codes, see `training.zones`, None where nothing is known of them.
    """

    name: str
    volumes: NDArray[np.float16]
    lesions: NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]
    zones: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class FalseFinding:
    """What a network marks that is no lesion. `case`: its number in the share. `voxel` (z, y, x): where the margin is
    highest, on the network grid."""

    case: int
    voxel: tuple[int, int, int]


@dataclass(frozen=True)
class CaseShare:
    """Cases by number, each loaded when it is asked for. `positive`: the numbers of those that have a lesion. `mined`:
    see `training.mining`."""

    count: int
    positive: tuple[int, ...]
    load: Callable[[int], Case]
    mined: tuple[FalseFinding, ...] = ()

    @cached_property
    def lesion_volumes(self) -> tuple[tuple[int, int, float], ...]:
        """Of every lesion on the network grid: its case's number, its own, and mL. Reads all positive cases."""
        found = []
        for number in self.positive:
            case = self.load(number)
            voxel_ml = float(np.prod(case.spacing_mm)) / 1000
            counts = np.bincount(case.lesions.ravel())
            found += [(number, lesion, n * voxel_ml) for lesion, n in enumerate(counts.tolist()) if lesion and n]
        return tuple(found)

    @classmethod
    def of(cls, cases: Sequence[Case]) -> CaseShare:
        """Cases that are in memory."""
        kept = tuple(cases)
        return cls(len(kept), tuple(n for n, case in enumerate(kept) if case.lesions.any()), kept.__getitem__)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Case:
        if not 0 <= number < self.count:
            raise IndexError(number)
        return self.load(number)

    def __iter__(self) -> Iterator[Case]:
        return map(self.load, range(self.count))


@dataclass(frozen=True)
class LabelledStudy:
    """A study as inference reads it, and its lesions (0 for none) on whatever grid they were drawn."""

    name: str
    study: Study
    lesions: sitk.Image


@dataclass(frozen=True)
class Cases:
    """Disjoint shares: for gradients, for choosing weights and temperature, and for the final figures alone.

    `fingerprint` changes with anything that decides what the cases hold. `test_studies` reads the test cases again, not
    yet on the network grid. `source`: what the cases are. Of a prepared dataset, `split`: its SHA-256, and which fold
    the test cases are; `learned`, `tested`: the marks (see `unseen`) of the other two shares and of the test cases.
    """

    training: CaseShare
    validation: CaseShare
    test: CaseShare
    fingerprint: str
    test_studies: Callable[[], Iterator[LabelledStudy]]
    source: Source
    split: TrainedSplit | None = None
    learned: frozenset[str] = frozenset()
    tested: frozenset[str] = frozenset()


def labels_on(labels: sitk.Image, grid: Grid) -> NDArray[np.uint8]:
    """Lesion numbers on another grid: each lesion where its linearly interpolated mask is at least one half."""
    result = np.zeros(grid.shape, np.uint8)
    for number in range(1, int(to_array(labels).max()) + 1):
        result[to_array(resample(labels == number, grid)) >= 0.5] = number
    return result
