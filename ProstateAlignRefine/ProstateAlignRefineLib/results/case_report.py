"""What the report of a case says, whoever makes it: the command line of a result, the panel of a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.assessment import Assessment
from ..core.gland import Gland
from ..core.pirads import Enhancement, Extension
from ..core.places import Place
from .review import Decision, FoundLesion
from .run import Run
from .setting import Setting
from .slice_names import SliceNames
from .slice_pictures import Slices

NOT_SCORED = "not scored"


@dataclass(frozen=True, eq=False)
class CaseReport:
    """`slices`: the images in axial order, with the lesions that leave the program. `lesions`: these, with the reader's
    decisions and scores; `names`: of the slices as the lesions count them.

    `rejected`, `waiting`: findings the reader rejected, and candidates nobody accepted. `by_hand`: a person changed the
    gate, the prompt, voxels or which lesions there are. `patient`: names and values, from the headers that an export
    carries; empty where it carries none.
    """

    slices: Slices
    lesions: Sequence[FoundLesion]
    run: Run
    setting: Setting
    names: SliceNames
    gland: Gland | None = None
    rejected: int = 0
    waiting: int = 0
    by_hand: bool = False
    patient: Sequence[tuple[str, str]] = ()


def decision_words(found: FoundLesion) -> str:
    """The reader's decision on a finding, for reports."""
    return "not reviewed" if found.decision is Decision.UNDECIDED else found.decision.value


def category_words(found: FoundLesion) -> str:
    """ "4", or why there is none: no person has scored the lesion."""
    if found.category is not None:
        return str(found.category)
    return "scores incomplete" if _has_scores(found.assessment) else NOT_SCORED


def score_words(assessment: Assessment, place: Place) -> str:
    """The reader's scores in a line; empty where none was entered."""
    if not _has_scores(assessment):
        return ""
    zone = assessment.zone_at(place)
    scores = [("T2W", assessment.t2w), ("DWI", assessment.dwi)]
    parts = [f"{name} {'-' if score is None else score}" for name, score in scores]
    parts.append(f"DCE {assessment.dce.value}")
    return ", ".join(parts) + (f"; rule of the {zone.value} zone" if zone else "; zone not chosen")


def extension_words(extension: Extension) -> str:
    """Extraprostatic extension or invasion of the vesicles (EPE, SVI), for reports."""
    return "not stated" if extension is Extension.NOT_SAID else extension.value


def sector_words(found: FoundLesion) -> str:
    """The reader's sector, else the place that the model tells."""
    sector = found.assessment.sector
    return f"{sector.text} (reader)" if sector else found.lesion.place.text


def highest_category(lesions: Sequence[FoundLesion]) -> int | None:
    """Of the study: that of its most suspicious lesion; None where no lesion has one."""
    return max((found.category for found in lesions if found.category is not None), default=None)


def contradictions(lesions: Sequence[FoundLesion]) -> list[str]:
    """Sentences about scores that do not go with what else was measured or entered."""
    return [
        f"Lesion {found.lesion.number}: PI-RADS v2.1 scores 5, not 4, from 15 mm on or with definite extraprostatic "
        "extension; check the score."
        for found in lesions
        if found.assessment.asks_for_five_at(found.lesion.place, found.lesion.max_axial_diameter_mm)
    ]


def _has_scores(assessment: Assessment) -> bool:
    return not (assessment.t2w is None and assessment.dwi is None and assessment.dce is Enhancement.NOT_DONE)
