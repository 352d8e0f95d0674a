"""What the reader enters of a lesion: PI-RADS scores, extension, and the sector where it is another than was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from .errors import InputError
from .pirads import SCORES, Enhancement, Extension, ScoredZone, asks_for_five, category, decisive_score
from .places import Place
from .plain_data import parse_json
from .sectors import Sector, sector_called, sectors_of

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True)
class Assessment:
    """Of one lesion, by a person; what is None or NOT_SAID was not entered.

    `zone`: whose rule is taken, where the reader chose it. `epe`: extraprostatic extension, `svi`: seminal vesicle
    invasion. `sector`: the reader's own.
    """

    zone: ScoredZone | None = None
    t2w: int | None = None
    dwi: int | None = None
    dce: Enhancement = Enhancement.NOT_DONE
    epe: Extension = Extension.NOT_SAID
    svi: Extension = Extension.NOT_SAID
    sector: Sector | None = None

    def __bool__(self) -> bool:
        return self != UNASSESSED

    def sectors_at(self, place: Place) -> tuple[Sector, ...]:
        """The reader's, else those that the model's gland tells."""
        return (self.sector,) if self.sector else sectors_of(place)

    def zone_at(self, place: Place) -> ScoredZone | None:
        """The reader's, else that of the sectors."""
        found = {sector.scored_zone for sector in self.sectors_at(place)}
        return self.zone or (found.pop() if len(found) == 1 else None)

    def category_at(self, place: Place) -> int | None:
        """PI-RADS v2.1 assessment category; None while the scores do not tell it."""
        return category(self.zone_at(place), self.t2w, self.dwi, self.dce)

    def asks_for_five_at(self, place: Place, axial_mm: float) -> bool:
        """Whether the entered scores contradict the lesion's size or the extension entered."""
        return asks_for_five(decisive_score(self.zone_at(place), self.t2w, self.dwi), axial_mm, self.epe)


UNASSESSED = Assessment()


def stored_assessment(assessment: Assessment) -> str:
    """For `assessment_from`; empty where nothing was entered."""
    return json.dumps(plain_assessment(assessment)) if assessment else ""


def plain_assessment(assessment: Assessment) -> dict[str, Any]:
    """For JSON: codes of the reader's scores by name, None where nothing was entered."""
    return {
        "zone": assessment.zone.value if assessment.zone else None,
        "t2w": assessment.t2w,
        "dwi": assessment.dwi,
        "dce": assessment.dce.value,
        "epe": assessment.epe.value,
        "svi": assessment.svi.value,
        "sector": assessment.sector.text if assessment.sector else None,
    }


def assessment_from(text: str) -> Assessment:
    """What of the stored text is possible; the rest counts as not entered, for files may come from elsewhere."""
    try:
        data = parse_json(text or "null", "the assessment", "enter it again")
    except InputError:
        data = None
    if not isinstance(data, Mapping):
        return UNASSESSED
    sector = data.get("sector")
    return Assessment(
        zone=_choice(ScoredZone, data.get("zone"), None),
        t2w=_score(data.get("t2w")),
        dwi=_score(data.get("dwi")),
        dce=_choice(Enhancement, data.get("dce"), Enhancement.NOT_DONE),
        epe=_choice(Extension, data.get("epe"), Extension.NOT_SAID),
        svi=_choice(Extension, data.get("svi"), Extension.NOT_SAID),
        sector=sector_called(sector) if isinstance(sector, str) else None,
    )


def _score(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value in SCORES else None


def _choice(kind: type[Choice], value: object, otherwise: Any) -> Any:
    return next((member for member in kind if member.value == value), otherwise)
