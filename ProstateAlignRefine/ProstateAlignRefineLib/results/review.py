"""What the reader decided of the lesions that a setting gave, and what stays of it when the setting moves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.assessment import UNASSESSED, Assessment
from ..core.boxes import Box
from ..core.findings.judge import Judge
from ..core.lesions import Lesion
from ..core.maps import Maps
from ..core.places import Anatomy
from .lesions_at import lesions_at, spread
from .setting import Paint, Setting


class Decision(str, Enum):
    """Of the reader on a finding; what is rejected is listed and not exported."""

    UNDECIDED = ""
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True)
class TrackedLesion:
    """What stays of a lesion while its number and shape change."""

    uid: str
    decision: Decision = Decision.UNDECIDED
    assessment: Assessment = UNASSESSED


Tracked = Mapping[int, TrackedLesion]  # by lesion number


@dataclass(frozen=True)
class FoundLesion:
    """A lesion with the reader's decision and scores. `uid`: DICOM Tracking UID (0062,0021), kept while the gate moves.

    `candidate`: a finding below the model's operating point, which is a lesion only once the reader accepts it.
    """

    lesion: Lesion
    uid: str
    decision: Decision = Decision.UNDECIDED
    candidate: bool = False
    assessment: Assessment = UNASSESSED

    @property
    def category(self) -> int | None:
        """PI-RADS v2.1, from the reader's scores."""
        return self.assessment.category_at(self.lesion.place)

    @property
    def kept(self) -> bool:
        """Whether it is among the lesions that leave the program."""
        wanted = (Decision.ACCEPTED,) if self.candidate else (Decision.ACCEPTED, Decision.UNDECIDED)
        return self.decision in wanted


@dataclass(frozen=True)
class Review:
    """The reviewed lesions under one setting. `labels` uint8 fill `box` of the T2W grid, numbered as the lesions."""

    setting: Setting
    box: Box
    labels: NDArray[np.uint8]
    lesions: tuple[FoundLesion, ...]

    @property
    def tracked(self) -> Tracked:
        """By lesion number, for the structured report: a tracking UID each, and what the reader said."""
        return {
            found.lesion.number: TrackedLesion(found.uid, found.decision, found.assessment) for found in self.lesions
        }

    def where(self, kept: bool) -> tuple[FoundLesion, ...]:
        """The lesions that leave the program, or the others: rejected ones, and candidates not accepted."""
        return tuple(found for found in self.lesions if found.kept == kept)

    @property
    def corrected(self) -> bool:
        """Whether the reader's decisions changed which lesions there are."""
        return any(found.kept == found.candidate for found in self.lesions)

    def owned(self, shape: tuple[int, int, int]) -> Setting:
        """The setting with the voxels of accepted candidates as the reader's own, which no setting takes away."""
        numbers = [found.lesion.number for found in self.lesions if found.candidate and found.kept]
        if not numbers:
            return self.setting
        accepted = Paint(added=np.flatnonzero(np.isin(self.whole(shape), numbers)))
        return replace(self.setting, paint=accepted.over(self.setting.paint))

    def whole(self, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """The labels on the whole T2W grid, [z, y, x]."""
        return spread(self.labels, self.box, shape)

    def kept(self, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """As `whole`, without the rejected lesions and the candidates not accepted."""
        labels = self.whole(shape)
        for found in self.where(kept=False):
            labels[labels == found.lesion.number] = 0
        return labels

    def decided(self, number: int, decision: Decision) -> Review:
        """The same lesions with another decision on one of them."""
        return self._with(number, lambda found: replace(found, decision=decision))

    def assessed(self, number: int, assessment: Assessment) -> Review:
        """The same lesions with the reader's scores of one of them."""
        return self._with(number, lambda found: replace(found, assessment=assessment))

    def _with(self, number: int, change: Callable[[FoundLesion], FoundLesion]) -> Review:
        lesions = (change(found) if found.lesion.number == number else found for found in self.lesions)
        return replace(self, lesions=tuple(lesions))


def review(maps: Maps, adc: sitk.Image, setting: Setting, anatomy: Anatomy, judge: Judge | None = None) -> Review:
    """The lesions and candidates of the setting, undecided, each with a tracking UID of its own."""
    found = lesions_at(maps, adc, setting, anatomy, judge)
    lesions = [FoundLesion(lesion, new_uid()) for lesion in found.lesions]
    candidates = [FoundLesion(lesion, new_uid(), candidate=True) for lesion in found.candidates]
    return Review(setting, found.box, np.maximum(found.labels, found.candidate_labels), (*lesions, *candidates))


def inherit(new: Review, before: NDArray[np.uint8], tracked: Tracked) -> Review:
    """`new` with UIDs, decisions and scores of the earlier lesions (labels [z, y, x]) that its own ones overlap.

    Parts of a lesion that split all keep its decision; the part that shares most voxels keeps its UID and scores.
    """
    earlier = before[new.box.slices]
    both = (new.labels > 0) & (earlier > 0)
    pairs = new.labels[both].astype(np.int64) * 256 + earlier[both]
    shared = np.bincount(pairs, minlength=(len(new.lesions) + 1) * 256).reshape(-1, 256)
    return replace(new, lesions=tuple(_heir(found, shared, tracked) for found in new.lesions))


def new_uid() -> str:
    """A DICOM UID made from a random UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def _heir(found: FoundLesion, shared: NDArray[np.int64], tracked: Tracked) -> FoundLesion:
    overlaps = shared[found.lesion.number, 1:]
    ancestor = int(overlaps.argmax()) + 1
    if not overlaps.any() or ancestor not in tracked:
        return found
    kept = tracked[ancestor]
    if int(shared[:, ancestor].argmax()) != found.lesion.number:
        return replace(found, decision=kept.decision)
    return replace(found, uid=kept.uid, decision=kept.decision, assessment=kept.assessment)
