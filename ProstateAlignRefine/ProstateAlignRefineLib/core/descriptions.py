"""Descriptions of lesions: which lesions one fits, what a lesion can be called, and what would describe no lesion.

The pure side of prompts: training draws its prompts from here, evaluation asks with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations, product

import numpy as np

from .anatomy import GlandZone
from .places import Level, Place, Side
from .sizes import SizeClass, size_class

PARTS_OF = {
    "anterior": frozenset({"PZa", "TZa", "AS"}),
    "posterior": frozenset({"PZpl", "PZpm", "TZp", "CZ"}),
    "posterolateral": frozenset({"PZpl"}),
    "posteromedial": frozenset({"PZpm"}),
}
"""The PI-RADS sectors that a word for front, back or their corners fits."""
NAMED_ZONES = (GlandZone.PERIPHERAL, GlandZone.TRANSITION, GlandZone.CENTRAL, GlandZone.ANTERIOR_STROMA)
_COMMON = (("side",), ("zone",), ("level",), ("side", "zone"), ("side", "level"), ("zone", "level"))


@dataclass(frozen=True)
class DescribedLesion:
    """A lesion as descriptions see it: its place, and its largest axial diameter."""

    place: Place
    diameter_mm: float


@dataclass(frozen=True)
class Description:
    """What a prompt asks for; None is not asked. All None is the generic prompt, which fits every lesion.

    `part`: a key of PARTS_OF.
    """

    side: Side | None = None
    level: Level | None = None
    zone: GlandZone | None = None
    part: str | None = None
    size: SizeClass | None = None

    def fits(self, lesion: DescribedLesion) -> bool:
        """Whether everything that is asked holds of the lesion; a lesion over two zones fits either."""
        place = lesion.place
        return (
            self.side in (None, place.side)
            and self.level in (None, place.level)
            and self.zone in (None, place.zone, place.second_zone)
            and (self.part is None or place.sector in PARTS_OF[self.part])
            and self.size in (None, size_class(lesion.diameter_mm))
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of what is asked."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)

    @property
    def mirrored(self) -> Description:
        """For a patient mirrored left to right; the midline stays."""
        other = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
        return replace(self, side=other.get(self.side, self.side) if self.side else None)


GENERIC = Description()


def descriptions_of(lesion: DescribedLesion) -> tuple[Description, ...]:
    """Everything that fits a lesion in the gland, from single words to the whole sector with the size; most telling
    last. Of a lesion outside the gland, its side, level and size."""
    place = lesion.place
    facts = {
        "side": place.side,
        "level": place.level if isinstance(place.level, Level) else None,
        "zone": place.zone if place.zone in NAMED_ZONES else None,
        "part": _part_of(place.sector),
        "size": size_class(lesion.diameter_mm),
    }
    given = {name: value for name, value in facts.items() if value is not None}
    chosen = [names for count in range(1, len(given) + 1) for names in combinations(given, count)]
    return tuple(Description(**{name: given[name] for name in names}) for names in chosen)  # type: ignore[arg-type]


def absent_descriptions(lesions: Sequence[DescribedLesion]) -> tuple[Description, ...]:
    """Descriptions of places, one to three of side, level and zone, that no lesion of the study fits."""
    choices = {"side": tuple(Side), "level": tuple(Level), "zone": NAMED_ZONES}
    found = []
    for names in (*_COMMON, ("side", "zone", "level")):
        for values in product(*(choices[name] for name in names)):
            description = Description(**dict(zip(names, values, strict=True)))  # type: ignore[arg-type]
            if not any(description.fits(lesion) for lesion in lesions):
                found.append(description)
    return tuple(found)


def draw_description(rng: np.random.Generator, lesions: Sequence[DescribedLesion]) -> Description:
    """One that fits at least one of the lesions, simple ones as often as telling ones."""
    every = descriptions_of(lesions[int(rng.integers(len(lesions)))])
    count = int(rng.integers(1, len(every[-1].asked) + 1))
    of_that_length = [description for description in every if len(description.asked) == count]
    return of_that_length[int(rng.integers(len(of_that_length)))]


def _part_of(sector: str) -> str | None:
    narrow = {"PZpl": "posterolateral", "PZpm": "posteromedial"}
    return narrow.get(sector) or ("anterior" if sector in PARTS_OF["anterior"] else "posterior" if sector else None)
