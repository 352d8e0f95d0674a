"""The grid that a bundle's network reads of a study."""

from __future__ import annotations

from math import ceil

from ..core.geometry import Grid
from .config import Preprocessing


def network_grid(t2w: Grid, preprocessing: Preprocessing) -> Grid:
    """T2W axes and centre, the bundle's spacing, at most `region_mm` wide along every axis."""
    whole = field_of_view(t2w, preprocessing)
    return whole.centre_box(_box_size(whole, preprocessing.region_mm))


def field_of_view(t2w: Grid, preprocessing: Preprocessing) -> Grid:
    """All of the T2W with the bundle's spacing."""
    z, y, x = preprocessing.spacing_mm
    return t2w.with_spacing((x, y, z))


def _box_size(whole: Grid, region_mm: float) -> tuple[int, int, int]:
    """In plane always the full region; along z no further than the slices go."""
    x, y, z = (ceil(region_mm / spacing - 1e-6) for spacing in whole.spacing)
    return x, y, min(z, whole.size[2])
