"""Whether the series of a study are all that is needed."""

from __future__ import annotations

from collections.abc import Set

from ...core.match.rules import KINDS, Kind


def is_complete(kinds: Set[Kind]) -> bool:
    """T2W, and ADC and HBV or the diffusion-weighted images they are computed from."""
    return all(kind in kinds or (kind is not Kind.T2W and Kind.DWI in kinds) for kind in KINDS.values())
