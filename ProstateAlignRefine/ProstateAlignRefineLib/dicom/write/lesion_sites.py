"""A lesion's place as coded concepts: its zone and side where the model tells the gland, else just the prostate."""

from __future__ import annotations

from pydicom.sr.coding import Code

from ...core.anatomy import GlandZone
from ...core.places import Place, Side
from . import codes

_ZONES = {
    GlandZone.PERIPHERAL: codes.PERIPHERAL_ZONE,
    GlandZone.TRANSITION: codes.TRANSITION_ZONE,
    GlandZone.ANTERIOR_STROMA: codes.ANTERIOR_STROMA,
}
_CENTRAL = {Side.RIGHT: codes.RIGHT_CENTRAL_ZONE, Side.LEFT: codes.LEFT_CENTRAL_ZONE}
_SIDES = {Side.RIGHT: codes.RIGHT, Side.LEFT: codes.LEFT}


def region_of(place: Place) -> Code:
    """Of CID 6300, which knows the central zone by its halves only."""
    if place.zone is GlandZone.CENTRAL:
        return _CENTRAL.get(place.side, codes.PROSTATE)
    return codes.PROSTATE if place.zone is None else _ZONES.get(place.zone, codes.PROSTATE)


def laterality_of(place: Place) -> Code | None:
    """Of CID 244; None in the midline, where the region names the side itself, and where there is no gland: then the
    side is only that of the images."""
    if place.zone is None or region_of(place) in _CENTRAL.values():
        return None
    return _SIDES.get(place.side)
