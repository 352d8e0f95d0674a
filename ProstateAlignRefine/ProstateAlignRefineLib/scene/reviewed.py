"""What the gate and the reader together make of the maps: lesions, decisions and painted voxels. No MRML here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.gate import apply_gate
from ..core.geometry import Array, resample, to_array, to_image
from ..core.lesions import Lesion, find_lesions
from ..core.maps import Maps
from ..core.places import Anatomy
from .boxes import Box, box_of, crop_maps

Known = Mapping[int, tuple[str, "Decision"]]  # tracking UID and decision, by lesion number

NO_VOXELS = np.zeros(0, np.int64)


class Decision(str, Enum):
    UNDECIDED = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class FoundLesion:
    """A lesion with the reader's decision. `uid`: DICOM Tracking UID (0062,0021), kept while the gate moves."""

    lesion: Lesion
    uid: str
    decision: Decision = Decision.UNDECIDED


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
    """All that decides the outcome: the gate, the smallest lesion, and the reader's paint."""

    tau: float
    alpha: float
    minimum_ml: float = 0.0
    paint: Paint = field(default_factory=Paint)


@dataclass(frozen=True)
class Outcome:
    """The reviewed lesions under one setting. `labels` uint8 fill `box` of the T2W grid, numbered as the lesions."""

    setting: Setting
    box: Box
    labels: NDArray[np.uint8]
    lesions: tuple[FoundLesion, ...]

    @property
    def known(self) -> Known:
        return {found.lesion.number: (found.uid, found.decision) for found in self.lesions}

    def where(self, rejected: bool) -> tuple[FoundLesion, ...]:
        """The rejected lesions, or the others."""
        return tuple(found for found in self.lesions if (found.decision is Decision.REJECTED) == rejected)

    def whole(self, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """The labels on the whole T2W grid, [z, y, x]."""
        labels = np.zeros(shape, np.uint8)
        labels[self.box.slices] = self.labels
        return labels

    def kept(self, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """As `whole`, without the rejected lesions."""
        labels = self.whole(shape)
        for found in self.where(rejected=True):
            labels[labels == found.lesion.number] = 0
        return labels

    def decided(self, number: int, decision: Decision) -> Outcome:
        """The same lesions with another decision on one of them."""
        lesions = tuple(
            replace(found, decision=decision) if found.lesion.number == number else found for found in self.lesions
        )
        return replace(self, lesions=lesions)


def review(maps: Maps, adc: sitk.Image, setting: Setting, anatomy: Anatomy) -> Outcome:
    """Gate, drop what is too small, add the reader's paint (never dropped), and measure what stands."""
    mask = gate_mask(maps, setting)
    mask.ravel()[setting.paint.added] = True
    mask.ravel()[setting.paint.erased] = False
    box = box_of(mask)
    part = crop_maps(maps, box)
    diffusion = to_array(resample(adc, part.grid))
    labels, lesions = find_lesions(mask[box.slices], part, diffusion, 0.0, anatomy)
    found = tuple(FoundLesion(_moved(lesion, box), new_uid()) for lesion in lesions)
    return Outcome(setting, box, labels, found)


def gate_mask(maps: Maps, setting: Setting) -> NDArray[np.bool_]:
    """Foreground [z, y, x] of the gate alone, without components below the smallest volume."""
    mask = apply_gate(maps, setting.tau, setting.alpha).mask
    box = box_of(mask)
    part = to_image(mask[box.slices].astype(np.uint8), crop_maps(maps, box).grid)
    components = sitk.ConnectedComponent(part, True)
    fewest = int(np.ceil(setting.minimum_ml / maps.grid.voxel_ml - 1e-9))
    mask[box.slices] = to_array(sitk.RelabelComponent(components, max(fewest, 0))) > 0
    return mask


def inherit(new: Outcome, before: NDArray[np.uint8], known: Known) -> Outcome:
    """`new` with the tracking UIDs and decisions of the earlier lesions (labels [z, y, x]) its own ones overlap.

    Parts of a lesion that split all keep its decision; the part that shares most voxels keeps its UID.
    """
    earlier = before[new.box.slices]
    shared = np.zeros((len(new.lesions) + 1, 256), np.int64)
    np.add.at(shared, (new.labels, earlier), 1)
    shared[0] = 0
    return replace(new, lesions=tuple(_heir(found, shared, known) for found in new.lesions))


def paint_between(before: Array, after: Array) -> Paint:
    """The reader's strokes between two label volumes of the whole T2W grid."""
    was, now = before.ravel() > 0, after.ravel() > 0
    return Paint(np.flatnonzero(now & ~was), np.flatnonzero(was & ~now))


def new_uid() -> str:
    """A DICOM UID made from a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def _heir(found: FoundLesion, shared: NDArray[np.int64], known: Known) -> FoundLesion:
    overlaps = shared[found.lesion.number, 1:]
    ancestor = int(overlaps.argmax()) + 1
    if not overlaps.any() or ancestor not in known:
        return found
    uid, decision = known[ancestor]
    closest = int(shared[:, ancestor].argmax())
    return replace(found, uid=uid if closest == found.lesion.number else found.uid, decision=decision)


def _moved(lesion: Lesion, box: Box) -> Lesion:
    """The lesion's slice numbers counted in the whole volume."""
    first, last = lesion.slices
    return replace(lesion, slices=(first + box.low[0], last + box.low[0]))
