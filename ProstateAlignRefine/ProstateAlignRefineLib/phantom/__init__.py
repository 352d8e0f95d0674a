"""Synthetic biparametric prostate MRI with known truth."""

from ..core.places import Level, Side
from .generate import make_phantom
from .sampling import Sampling
from .truth import GLAND_ZONES, LesionFact, Phantom, Truth, Zone, gland_zones

__all__ = [
    "GLAND_ZONES",
    "LesionFact",
    "Level",
    "Phantom",
    "Sampling",
    "Side",
    "Truth",
    "Zone",
    "gland_zones",
    "make_phantom",
]
