"""`core.places` in words, spelled out for translation."""

from __future__ import annotations

from ..core.anatomy import GlandZone
from ..core.lesions import Lesion
from ..core.places import Level, Place, Side, StackThird
from .i18n import _

SIDES = {Side.RIGHT: _("right"), Side.LEFT: _("left"), Side.MIDLINE: _("midline")}
LEVELS = {
    Level.BASE: _("base"),
    Level.MID: _("mid"),
    Level.APEX: _("apex"),
    StackThird.UPPER: _("upper third"),
    StackThird.MIDDLE: _("middle third"),
    StackThird.LOWER: _("lower third"),
}
ZONES = {
    GlandZone.PERIPHERAL: _("peripheral zone"),
    GlandZone.TRANSITION: _("transition zone"),
    GlandZone.CENTRAL: _("central zone"),
    GlandZone.ANTERIOR_STROMA: _("anterior fibromuscular stroma"),
    GlandZone.OUTSIDE: _("outside the gland"),
}
SECTORS = {
    "PZa": _("anterior"),
    "PZpl": _("posterolateral"),
    "PZpm": _("posteromedial"),
    "TZa": _("anterior"),
    "TZp": _("posterior"),
}


def short_place(place: Place) -> str:
    """One cell of a table: "right mid PZpm"; "right, middle third" where there is no gland."""
    if place.zone is None:
        return f"{SIDES[place.side]}, {LEVELS[place.level]}"
    sector = place.sector or ZONES[place.zone]
    return f"{SIDES[place.side]} {LEVELS[place.level]} {sector}"


def place_text(place: Place) -> str:
    """In full: "right mid PZpm (peripheral zone, posteromedial; crosses into the transition zone)"."""
    if place.zone is None:
        return _("{place} of the stack").format(place=short_place(place))
    if not place.sector:
        return short_place(place)
    words = ZONES[place.zone]
    if place.sector in SECTORS:
        words += f", {SECTORS[place.sector]}"
    if place.second_zone:
        words += "; " + _("crosses into the {zone}").format(zone=ZONES[place.second_zone])
    return f"{short_place(place)} ({words})"


def slices_of(lesion: Lesion) -> str:
    """T2W slices, counted from 1 as viewers do."""
    first, last = (number + 1 for number in lesion.slices)
    return str(first) if first == last else f"{first}–{last}"
