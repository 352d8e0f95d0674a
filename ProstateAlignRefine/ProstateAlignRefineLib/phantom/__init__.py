"""Synthetic biparametric prostate MRI with known truth."""

from ..core.places import Level, Side
from .generate import make_phantom
from .sampling import Sampling
from .truth import GLAND_ZONES, LesionFact, Phantom, Truth, Zone, gland_zones

GENERATOR = 1
"""Raise it where a seed would give another phantom, of either family: what is kept under an earlier number is void."""

__all__ = [
    "GENERATOR",
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
