"""Phantoms that a bundle's network was never trained on, for what is taught on its answers."""

from __future__ import annotations

from ..phantom import Phantom, Sampling, make_phantom
from ..phantom.generate import Family

SPACINGS_MM = ((0.75, 0.75, 3.0), (0.75, 0.75, 3.0), (0.75, 0.75, 3.6), (0.5, 0.5, 3.0))
DEPTHS_MM = (57.0, 66.0, 72.0, 81.0)
FIELD_MM = 132.0


def unseen_phantom(seed: int, family: Family) -> Phantom:
    """Stacks of several depths and spacings, by the seed."""
    turn, depth = divmod(seed, len(DEPTHS_MM))
    field = (FIELD_MM, FIELD_MM, DEPTHS_MM[depth])
    return make_phantom(seed, Sampling.of_field(SPACINGS_MM[turn % len(SPACINGS_MM)], field), family)
