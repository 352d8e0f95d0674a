"""Patches for the training steps: the n-th patch of an epoch is the same in every run of the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ..bundle.config import Triple
from ..core.window import Window
from .augmentation import AugmentationSettings, augment
from .cases import Case, CaseShare
from .zones import UNKNOWN


@dataclass(frozen=True)
class Patch:
    """Image [C, Z, Y, X] and target [1, Z, Y, X], both float32, their place in the region, and the case's name.

    `sides_swapped`: mirrored left to right. The place is that in the mirrored patient. `zones`: codes [1, Z, Y, X], see
    `training.zones`, float32, where they are known or wanted.
    """

    image: Tensor
    target: Tensor
    window: Window
    case: str
    sides_swapped: bool
    zones: Tensor | None = None


@dataclass(frozen=True)
class PatchPlan:
    """`size` (z, y, x); None reads the whole region, padded to multiples of `divisor`.

    `foreground_share` of the patches are of a case with a lesion and hold a voxel of it, each lesion equally likely;
    with `sizes_ml` each class of size that these volumes part, and in it each lesion. `mined_share` of them are at one
    of the cases' mined findings, each equally likely. `anatomy`: zones are wanted of every patch, all unknown where the
    case has none.
    """

    size: Triple | None
    divisor: Triple
    foreground_share: float
    augmentation: AugmentationSettings
    anatomy: bool = False
    sizes_ml: tuple[float, ...] = ()
    mined_share: float = 0.0


class PatchDataset(Dataset[Patch]):
    """The patches of one epoch, each drawn from (seed, epoch, index) alone, so that a resumed run sees the same."""

    def __init__(self, cases: CaseShare, plan: PatchPlan, count: int, seed: int, epoch: int) -> None:
        self.cases, self.plan, self.count, self.seed, self.epoch = cases, plan, count, seed, epoch

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Patch:
        if index >= self.count:
            raise IndexError(index)
        rng = np.random.default_rng([self.seed, self.epoch, index])
        case, centre = self._drawn(rng)
        size = self.plan.size or case.lesions.shape
        start = _start(case.lesions.shape, size, centre, rng)
        padded = _padded(size, self.plan.divisor)
        image = torch.from_numpy(_cut(case.volumes, start, padded).astype(np.float32))
        target = torch.from_numpy((_cut(case.lesions[None], start, padded) > 0).astype(np.float32))
        zones = self._zones(case, start, padded)
        changed = augment(image, target, self.plan.augmentation, rng, zones)
        z, y, x = case.lesions.shape
        return Patch(
            changed.image.contiguous(),
            changed.target.contiguous(),
            Window(start, (z, y, x)).mirrored(padded, changed.flipped),
            case.name,
            changed.sides_swapped,
            None if changed.zones is None else changed.zones.contiguous(),
        )

    def _drawn(self, rng: np.random.Generator) -> tuple[Case, NDArray[np.int64] | None]:
        """A case, and the voxel (z, y, x) that the patch shall hold; None where it may lie anywhere."""
        positive, mined = self.cases.positive, self.cases.mined
        if mined and self.plan.mined_share > 0 and rng.random() < self.plan.mined_share:
            finding = mined[int(rng.integers(len(mined)))]
            return self.cases[finding.case], np.asarray(finding.voxel)
        on_lesion = bool(positive) and rng.random() < self.plan.foreground_share
        pool = positive if on_lesion else range(len(self.cases))
        number, lesion = pool[int(rng.integers(len(pool)))], None
        if on_lesion and self.plan.sizes_ml:
            number, lesion = self._of_a_size(rng)
        case = self.cases[number]
        # A lesion may lie beyond the region, or be too small for the network's grid.
        held = on_lesion and case.lesions.any()
        return case, _lesion_voxel(case.lesions, lesion, rng) if held else None

    def _of_a_size(self, rng: np.random.Generator) -> tuple[int, int]:
        """A case's number and one of its lesions', each class of size that is there being equally likely."""
        classes: dict[int, list[tuple[int, int]]] = {}
        for number, lesion, volume in self.cases.lesion_volumes:
            classes.setdefault(int(np.searchsorted(self.plan.sizes_ml, volume)), []).append((number, lesion))
        members = classes[int(rng.choice(sorted(classes)))]
        return members[int(rng.integers(len(members)))]

    def _zones(self, case: Case, start: Triple, size: Triple) -> Tensor | None:
        if case.zones is not None:
            return torch.from_numpy(_cut(case.zones[None], start, size).astype(np.float32))
        return torch.full((1, *size), float(UNKNOWN)) if self.plan.anatomy else None


def _padded(size: Sequence[int], divisor: Triple) -> Triple:
    z, y, x = (-(-n // d) * d for n, d in zip(size, divisor, strict=True))
    return z, y, x


def _lesion_voxel(lesions: NDArray[np.uint8], number: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    numbers = np.unique(lesions[lesions > 0]) if number is None else [number]
    voxels = np.argwhere(lesions == rng.choice(numbers))
    drawn: NDArray[np.int64] = voxels[rng.integers(len(voxels))]
    return drawn


def _start(
    shape: Sequence[int], size: Sequence[int], centre: NDArray[np.int64] | None, rng: np.random.Generator
) -> Triple:
    """The first voxel of a patch: anywhere, or so that `centre` lies in the patch's inner half."""
    room = np.maximum(np.asarray(shape) - np.asarray(size), 0)
    if centre is None:
        z, y, x = rng.integers(0, room + 1)
    else:
        jitter = rng.uniform(-0.25, 0.25, 3) * np.asarray(size)
        z, y, x = np.clip(np.round(centre - np.asarray(size) / 2 + jitter), 0, room).astype(int)
    return int(z), int(y), int(x)


def _cut(array: NDArray[Any], start: Triple, size: Triple) -> NDArray[Any]:
    """[C, Z, Y, X] cut at `start`; zeros, the mean of a z-scored volume, where it reaches beyond."""
    z, y, x = (slice(s, s + n) for s, n in zip(start, size, strict=True))
    part = array[:, z, y, x]
    missing = [(0, n - have) for n, have in zip(size, part.shape[1:], strict=True)]
    return np.pad(part, [(0, 0), *missing])
