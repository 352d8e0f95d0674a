"""The 41 sectors of the PI-RADS v2.1 map: 38 of the prostate, two seminal vesicles, the external urethral sphincter."""

from __future__ import annotations

from dataclasses import dataclass

from .anatomy import GlandZone
from .pirads import ScoredZone
from .places import Level, Place, Side

VESICLE, SPHINCTER = "SV", "US"
NAMES = {
    Level.BASE: ("PZa", "PZpl", "PZpm", "CZ", "TZa", "TZp", "AS"),
    Level.MID: ("PZa", "PZpl", "PZpm", "TZa", "TZp", "AS"),
    Level.APEX: ("PZa", "PZpl", "PZpm", "TZa", "TZp", "AS"),
}


@dataclass(frozen=True)
class Sector:
    """`level`: None for the seminal vesicles and the sphincter; `side`: MIDLINE for the sphincter alone."""

    name: str
    side: Side
    level: Level | None = None

    @property
    def text(self) -> str:
        """ "right mid PZpm", "left SV", "US": also what it is stored as."""
        side = "" if self.side is Side.MIDLINE else self.side.value
        return " ".join(part for part in (side, self.level.value if self.level else "", self.name) if part)

    @property
    def scored_zone(self) -> ScoredZone | None:
        """None where the reader has to say where the lesion arose."""
        zones = {"PZ": ScoredZone.PERIPHERAL, "TZ": ScoredZone.TRANSITION}
        return zones.get(self.name[:2])


_SIDES = (Side.RIGHT, Side.LEFT)
SECTORS = (
    *(Sector(name, side, level) for level, names in NAMES.items() for name in names for side in _SIDES),
    *(Sector(VESICLE, side) for side in _SIDES),
    Sector(SPHINCTER, Side.MIDLINE),
)
_BY_TEXT = {sector.text: sector for sector in SECTORS}


def sector_called(text: str) -> Sector | None:
    """By the text that it is stored and shown under; None for any other."""
    return _BY_TEXT.get(text)


def sectors_of(place: Place) -> tuple[Sector, ...]:
    """Those of a place that was told from the gland: both sides for one in the midline; none where it has no sector."""
    if place.zone in (None, GlandZone.OUTSIDE) or not isinstance(place.level, Level):
        return ()
    sides = _SIDES if place.side is Side.MIDLINE else (place.side,)
    wanted = [Sector(place.sector, side, place.level) for side in sides]
    return tuple(sector for sector in wanted if sector in SECTORS)
