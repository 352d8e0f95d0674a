"""Where a lesion lies, in a radiologist's words: side, level, zone and PI-RADS v2.1 sector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import GlandZone
from .geometry import Grid
from .gland import Gland, GlandPosition, body_axes, measure_gland
from .maps import Maps

MIDLINE_MM = 5.0
"""A lesion whose centre lies this close to the gland's mid-plane, or where there is no gland to the middle of the
images, is on neither side."""
CROSSING_SHARE = 0.25
"""Share of a lesion from which on a further zone is named."""
LEAST_INSIDE = 0.25
"""A lesion with a smaller share in the gland lies outside it."""
MEDIAL_SHARE = 0.5
"""The posteromedial peripheral zone reaches this far to the side, as a share of the gland's half-width."""

ZONE_WORDS = {
    GlandZone.PERIPHERAL: "peripheral zone",
    GlandZone.TRANSITION: "transition zone",
    GlandZone.CENTRAL: "central zone",
    GlandZone.ANTERIOR_STROMA: "anterior fibromuscular stroma",
}
OUTSIDE_WORDS = "outside the gland"
SECTOR_WORDS = {
    "PZa": "anterior",
    "PZpl": "posterolateral",
    "PZpm": "posteromedial",
    "TZa": "anterior",
    "TZp": "posterior",
}


class Side(str, Enum):
    """The patient's side."""

    RIGHT = "right"
    LEFT = "left"
    MIDLINE = "midline"


class Level(str, Enum):
    """Craniocaudal third of the gland."""

    BASE = "base"
    MID = "mid"
    APEX = "apex"


class StackThird(str, Enum):
    """Craniocaudal third of the T2W stack: all that can be told without a gland."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"


@dataclass(frozen=True)
class Place:
    """`zone` is None where the place was told from the image stack; OUTSIDE where the lesion is not in the gland.

    `second_zone`: a zone that a good part of the lesion reaches into. `sector`: PI-RADS v2.1, without side and level.
    """

    side: Side
    level: Level | StackThird
    zone: GlandZone | None = None
    second_zone: GlandZone | None = None
    sector: str = ""

    def short_text(self, say: Callable[[str], str] = str) -> str:
        """ "right mid PZpm", "right, middle third"; `say` translates words and phrases."""
        if self.zone is None:
            return f"{say(self.side.value)}, {say(f'{self.level.value} third')}"
        if self.zone is GlandZone.OUTSIDE:
            return f"{say(self.side.value)} {say(self.level.value)}, {say(OUTSIDE_WORDS)}"
        return f"{say(self.side.value)} {say(self.level.value)} {self.sector}"

    def full_text(self, say: Callable[[str], str] = str) -> str:
        """ "right mid PZpm (peripheral zone, posteromedial)"; without a gland "right, middle third of the stack"."""
        short = self.short_text(say)
        if self.zone is None:
            return say("{place} of the stack").format(place=short)
        if self.zone is GlandZone.OUTSIDE:
            return short
        words = [ZONE_WORDS[self.zone], SECTOR_WORDS.get(self.sector, "")]
        inside = ", ".join(say(word) for word in words if word)
        if self.second_zone:
            inside += "; " + say("crosses into the {zone}").format(zone=say(ZONE_WORDS[self.second_zone]))
        return f"{short} ({inside})"

    @property
    def text(self) -> str:
        """In full, in English."""
        return self.full_text()

    @property
    def facts(self) -> dict[str, Any]:
        """For report.json; what is not known is null."""
        return {
            "text": self.text,
            "told_from": "stack" if self.zone is None else "gland",
            "side": self.side.value,
            "level": self.level.value,
            "zone": zone_name(self.zone),
            "second_zone": zone_name(self.second_zone),
            "sector": self.sector or None,
        }


@dataclass(frozen=True)
class Anatomy:
    """What places are told from: the gland, or where there is none, the T2W stack. `grid`: the whole T2W's."""

    grid: Grid
    gland: Gland | None

    @classmethod
    def of(cls, maps: Maps) -> Anatomy:
        """`maps` of the whole T2W. The gland is None where the model tells none, or none that is plausible."""
        return cls(maps.grid, None if maps.zones is None else measure_gland(maps.zones, maps.grid))

    def place(self, centre_lps: tuple[float, float, float], zones: NDArray[np.uint8] | None) -> Place:
        """Of a lesion with this centre, whose voxels have these codes of `GlandZone`."""
        if self.gland is None or zones is None:
            return _stack_place(centre_lps, self.grid)
        at = self.gland.position(centre_lps)
        zone, second = _zones(zones)
        return Place(_side(at.left_mm), _level(at.height), zone, second, _sector(zone, at))


def zone_name(zone: GlandZone | None) -> str | None:
    """ "peripheral", "transition", "central", "anterior stroma", "outside"; None where it is not known."""
    return None if zone is None else zone.name.lower().replace("_", " ")


def _zones(codes: NDArray[np.uint8]) -> tuple[GlandZone, GlandZone | None]:
    """The zone with the largest share, and the next one where its share is large enough."""
    counts = np.bincount(codes, minlength=len(GlandZone))
    inside = counts.copy()
    inside[GlandZone.OUTSIDE] = 0
    if inside.sum() < LEAST_INSIDE * max(counts.sum(), 1):
        return GlandZone.OUTSIDE, None
    second, first = np.argsort(inside, kind="stable")[-2:]
    crosses = inside[second] >= CROSSING_SHARE * inside.sum()
    return GlandZone(int(first)), GlandZone(int(second)) if crosses else None


def _sector(zone: GlandZone, at: GlandPosition) -> str:
    """Peripheral: anterior in the front half of the gland, else medial or lateral by half its width. Transition:
    anterior in the front half of that zone."""
    if zone is GlandZone.PERIPHERAL:
        if at.behind_gland_mm < 0:
            return "PZa"
        return "PZpm" if at.lateral < MEDIAL_SHARE else "PZpl"
    if zone is GlandZone.TRANSITION:
        return "TZa" if at.behind_transition_mm < 0 else "TZp"
    return {GlandZone.CENTRAL: "CZ", GlandZone.ANTERIOR_STROMA: "AS"}.get(zone, "")


def _side(left_mm: float) -> Side:
    if abs(left_mm) <= MIDLINE_MM:
        return Side.MIDLINE
    return Side.LEFT if left_mm > 0 else Side.RIGHT


def _level(height: float) -> Level:
    return Level.APEX if height < 1 / 3 else Level.MID if height < 2 / 3 else Level.BASE


def _stack_place(centre_lps: tuple[float, float, float], grid: Grid) -> Place:
    (_, _, stack_axis), axes = body_axes(grid)
    offset = axes @ (np.asarray(centre_lps) - grid.centre)
    extent = (grid.shape[stack_axis] - 1) * grid.spacing[2 - stack_axis]
    from_feet = 0.5 + float(offset[2]) / max(extent, 1e-6)
    third = (StackThird.LOWER, StackThird.MIDDLE, StackThird.UPPER)[min(max(int(from_feet * 3), 0), 2)]
    return Place(_side(float(centre_lps[0] - grid.centre[0])), third)
