"""`core.places` in words, spelled out for translation."""

from __future__ import annotations

from ..core.places import Place
from .i18n import _

WORDS = {
    "right": _("right"),
    "left": _("left"),
    "midline": _("midline"),
    "base": _("base"),
    "mid": _("mid"),
    "apex": _("apex"),
    "upper third": _("upper third"),
    "middle third": _("middle third"),
    "lower third": _("lower third"),
    "{place} of the stack": _("{place} of the stack"),
    "peripheral zone": _("peripheral zone"),
    "transition zone": _("transition zone"),
    "central zone": _("central zone"),
    "anterior fibromuscular stroma": _("anterior fibromuscular stroma"),
    "outside the gland": _("outside the gland"),
    "anterior": _("anterior"),
    "posterior": _("posterior"),
    "posterolateral": _("posterolateral"),
    "posteromedial": _("posteromedial"),
    "crosses into the {zone}": _("crosses into the {zone}"),
}


def short_place(place: Place) -> str:
    """One cell of a table."""
    return place.short_text(WORDS.__getitem__)


def place_text(place: Place) -> str:
    """In the language of the application."""
    return place.full_text(WORDS.__getitem__)
