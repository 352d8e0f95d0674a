"""Truth on a grid: the zone map and the facts of each lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import Grid, triple
from ..core.places import MIDLINE_MM, Level, Side
from .canvas import Canvas
from .fields import AnatomyFrame
from .gland import GlandField
from .pelvis import Pelvis
from .surroundings import bladder_distance, obturator_distance, pubis_distance, rectum_distance, vesicle_distance
from .truth import GLAND_ZONES, LesionFact, Zone


def zone_map(pelvis: Pelvis, canvas: Canvas, field: GlandField, where: tuple[slice, slice, slice]) -> NDArray[np.uint8]:
    """`Zone` codes [z, y, x] on the canvas; `field` lies on its crop `where`. Later structures cover earlier ones."""
    zones = np.zeros(canvas.grid.shape, np.uint8)
    zones[pubis_distance(pelvis, canvas) < 0] = Zone.BONE
    zones[obturator_distance(pelvis.muscles, canvas) < 0] = Zone.MUSCLE
    zones[bladder_distance(pelvis.bladder, canvas) < 0] = Zone.BLADDER
    for side in (-1, 1):
        zones[vesicle_distance(pelvis.vesicles, canvas, side) < 0] = Zone.SEMINAL_VESICLES
    zones[rectum_distance(pelvis.rectum, canvas)[0] < 0] = Zone.RECTUM
    paint_gland_zones(zones[where], field)
    return zones


def paint_gland_zones(zones: NDArray[np.uint8], field: GlandField) -> None:
    """The gland's codes, in place, on the crop that `field` lies on."""
    zones[field.gland < 0] = Zone.PERIPHERAL
    zones[field.transition < 0] = Zone.TRANSITION
    zones[field.central < 0] = Zone.CENTRAL
    zones[field.stroma < 0] = Zone.ANTERIOR_STROMA
    zones[field.urethra < 0] = Zone.URETHRA


def lesion_facts(
    labels: NDArray[np.uint8], zones: NDArray[np.uint8], grid: Grid, frame: AnatomyFrame, adcs: Sequence[float]
) -> tuple[LesionFact, ...]:
    """What a report would say of each lesion, whose tissues' `adcs` are given; side and thirds follow the gland."""
    heights = frame.coordinates(grid)[2][np.isin(zones, GLAND_ZONES)]
    thirds = np.percentile(heights, (1, 99)) if heights.size else np.array([-1.0, 1.0])
    facts = []
    for label, adc in enumerate(adcs, start=1):
        inside = labels == label
        centre = grid.to_lps(np.argwhere(inside)[:, ::-1].mean(axis=0))
        x, _, z = frame.rotation.T @ (centre - frame.centre)
        facts.append(
            LesionFact(
                label=label,
                zone=_main_zone(zones[inside]),
                side=Side.MIDLINE if abs(x) <= MIDLINE_MM else Side.LEFT if x > 0 else Side.RIGHT,
                level=_level((z - thirds[0]) / (thirds[1] - thirds[0])),
                volume_ml=float(inside.sum()) * grid.voxel_ml,
                centre_lps=triple(centre),
                adc=adc,
            )
        )
    return tuple(facts)


def _main_zone(codes: NDArray[np.uint8]) -> Zone:
    counts = np.bincount(codes[np.isin(codes, GLAND_ZONES)], minlength=len(Zone))
    return Zone(int(np.argmax(counts)))


def _level(height: float) -> Level:
    return Level.APEX if height < 1 / 3 else Level.MID if height < 2 / 3 else Level.BASE
