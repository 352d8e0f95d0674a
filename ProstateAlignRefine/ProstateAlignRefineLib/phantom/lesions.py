"""Clinically significant cancer: where it grows, its irregular shape, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .canvas import Canvas
from .fields import Floats, Triple
from .gland import GlandAnatomy, GlandField
from .tissue import Properties, Tissue, TissueSet, Values
from .truth import Zone

VOLUME_PERCENTILES = ((0.0, 0.10), (0.05, 0.2), (0.25, 0.6), (0.5, 1.3), (0.75, 3.0), (0.95, 10.0), (1.0, 16.0))
"""Share of lesions below a volume (mL), after the published PI-CAI lesion sizes."""

COUNT_SHARES = (0.40, 0.38, 0.16, 0.06)
"""Share of studies with 0, 1, 2 and 3 lesions."""

ADC_AT_MOST = 0.85
"""Of what a lesion grows in. Cancer is denser than any benign tissue; on T2W it may show little, but then on ADC."""


@dataclass(frozen=True)
class LesionPlan:
    """What is drawn of a lesion before it has a place. `metric` [3, 3] shapes it; volumes in mL."""

    volume_ml: float
    peripheral: bool
    metric: NDArray[np.float64]
    roughness: float
    beyond_capsule_mm: float
    zone_barrier: float
    tissue: Properties
    conspicuity: float
    t2w_conspicuity: float
    edge_mm: float

    @property
    def radius(self) -> float:
        """Of a ball of this volume, mm."""
        return float((self.volume_ml * 750.0 / np.pi) ** (1 / 3))


@dataclass(frozen=True)
class PlacedLesion:
    """A placed lesion: the set where `lesion_level` is below `threshold`."""

    plan: LesionPlan
    centre: Triple
    threshold: float


def draw_plans(rng: np.random.Generator, gland: GlandAnatomy, tissues: TissueSet) -> list[LesionPlan]:
    """None to three lesions, the largest first; none above a quarter of the gland."""
    count = int(rng.choice(len(COUNT_SHARES), p=COUNT_SHARES))
    limit = float(np.prod(gland.radii)) * 4.0 / 1000 * 0.25
    plans = [_draw_plan(rng, limit, tissues) for _ in range(count)]
    return sorted(plans, key=lambda plan: -plan.volume_ml)


def _draw_plan(rng: np.random.Generator, limit_ml: float, tissues: TissueSet) -> LesionPlan:
    shares, volumes = zip(*VOLUME_PERCENTILES, strict=True)
    volume = min(float(np.exp(np.interp(rng.random(), shares, np.log(volumes)))), limit_ml)
    peripheral = bool(rng.random() < 0.52)
    radius = (volume * 750.0 / np.pi) ** (1 / 3)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    stretch = np.exp(rng.normal(0.0, 0.25, 3))
    stretch /= np.prod(stretch) ** (1 / 3)
    # Larger cancers are denser on average: their ADC is lower.
    adc = float(np.clip(rng.normal(900.0 - 40.0 * np.log(volume), 120.0), 580.0, 1150.0))
    # On T2W it is darker than its zone: more so in the peripheral than in the transition zone.
    home, low, high = (Tissue.PERIPHERAL, 0.45, 0.85) if peripheral else (Tissue.TRANSITION, 0.76, 1.05)
    tissue = Properties(tissues[home].t2 * float(rng.uniform(low, high)), 0.95, adc)
    return LesionPlan(
        volume_ml=volume,
        peripheral=peripheral,
        metric=np.diag(1 / stretch) @ turn,
        roughness=float(rng.uniform(0.08, 0.3)),
        beyond_capsule_mm=float(min(rng.uniform(0.5, 4.5), 0.4 * radius) if rng.random() < 0.65 else 0.0),
        zone_barrier=0.3 if rng.random() < 0.2 else float(rng.uniform(1.5, 4.0)),
        tissue=tissue,
        conspicuity=float(np.clip(rng.normal(0.84, 0.13), 0.5, 1.0)),
        t2w_conspicuity=float(rng.uniform(0.25, 1.0)),
        edge_mm=float(min(rng.uniform(1.0, 3.0), 0.6 * radius)),
    )


def place(
    rng: np.random.Generator, plans: list[LesionPlan], canvas: Canvas, field: GlandField, zones: NDArray[np.uint8]
) -> list[PlacedLesion]:
    """The lesions that find room; `canvas` covers the gland finely enough to measure their volumes."""
    taken = np.zeros(zones.shape, bool)
    lesions: list[PlacedLesion] = []
    for plan in plans:
        centre = _draw_centre(rng, plan, canvas, field, zones=zones, others=lesions)
        if centre is None:
            continue
        level = lesion_level(plan, centre, canvas, field)
        level[taken] = np.inf
        count = min(max(round(plan.volume_ml / canvas.grid.voxel_ml), 8), level.size - 1)
        lesion = PlacedLesion(plan, centre, float(np.partition(level, count, axis=None)[count]))
        taken |= level < lesion.threshold
        lesions.append(lesion)
    return lesions


def label_lesions(
    lesions: list[PlacedLesion], canvas: Canvas, field: GlandField
) -> tuple[list[PlacedLesion], NDArray[np.uint8]]:
    """Instance labels on `canvas`, a crop about the gland, and the lesions that have any voxel there, in that order."""
    labels = np.zeros(canvas.grid.shape, np.uint8)
    seen = []
    for lesion in lesions:
        inside = (lesion_level(lesion.plan, lesion.centre, canvas, field) < lesion.threshold) & (labels == 0)
        if inside.any():
            seen.append(lesion)
            labels[largest_piece(inside)] = len(seen)
    return seen, labels


def largest_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest face-connected component."""
    pieces = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    largest: NDArray[np.bool_] = sitk.GetArrayFromImage(sitk.RelabelComponent(pieces)) == 1
    return largest


def _draw_centre(
    rng: np.random.Generator,
    plan: LesionPlan,
    canvas: Canvas,
    field: GlandField,
    *,
    zones: NDArray[np.uint8],
    others: list[PlacedLesion],
) -> Triple | None:
    """A voxel of the right zone, deep enough for the lesion's size and clear of the other lesions."""
    home = zones == Zone.PERIPHERAL if plan.peripheral else np.isin(zones, (Zone.TRANSITION, Zone.ANTERIOR_STROMA))
    depth = min(0.35 * plan.radius, 4.0)
    good = home & (field.gland < -depth)
    if plan.peripheral:
        good &= field.transition > min(0.35 * plan.radius, 2.5)
    for other in others:
        apart = plan.radius + other.plan.radius + 4.0
        cx, cy, cz = other.centre
        good &= (canvas.x - cx) ** 2 + (canvas.y - cy) ** 2 + (canvas.z - cz) ** 2 > apart**2
    found = np.flatnonzero(good)
    if found.size == 0:
        found = np.flatnonzero(home & (field.gland < -1.0)) if not others else found
    if found.size == 0:
        return None
    at = found[rng.integers(found.size)]
    return float(canvas.x.flat[at]), float(canvas.y.flat[at]), float(canvas.z.flat[at])


def lesion_level(plan: LesionPlan, centre: Triple, canvas: Canvas, field: GlandField) -> Floats:
    """About 1 at the surface of an unhindered lesion; the capsule and the border of its zone hold it back."""
    d = [(p - np.float32(c)) for p, c in zip((canvas.x, canvas.y, canvas.z), centre, strict=True)]
    square = np.zeros_like(canvas.x)
    for row in plan.metric.astype(np.float32):
        square += (row[0] * d[0] + row[1] * d[1] + row[2] * d[2]) ** 2
    radius = np.float32(plan.radius)
    border = -field.transition if plan.peripheral else field.transition
    outside = np.maximum(field.gland - np.float32(plan.beyond_capsule_mm), 0)
    held = np.float32(6.0) * outside + np.float32(plan.zone_barrier) * np.maximum(border, 0)
    ragged = field.texture[1] if plan.radius < 9.0 else field.texture[3]
    level: Floats = np.sqrt(square) / radius + held / radius + np.float32(plan.roughness) * ragged
    return level


def paint_lesion(lesion: PlacedLesion, canvas: Canvas, field: GlandField) -> None:
    """Blend the lesion into a crop about the gland: darker than what was there on ADC, and nowhere brighter on T2W."""
    level = lesion_level(lesion.plan, lesion.centre, canvas, field)
    distance = (level - np.float32(lesion.threshold)) * np.float32(lesion.plan.radius)
    weight = canvas.coverage(distance, max(lesion.plan.edge_mm, canvas.edge_mm))
    patchy = np.clip(1 + np.float32(0.12) * field.texture[0], 0.6, 1.1)
    values = canvas.contrast(lesion.plan.tissue)
    if len(values) == 1:
        patchy *= np.float32(lesion.plan.t2w_conspicuity)
        shown: Values = (np.minimum(values[0], canvas.maps[0]),)
    else:
        patchy *= np.float32(lesion.plan.conspicuity)
        s0, flux = values
        there = canvas.maps[1] / np.maximum(canvas.maps[0], np.float32(1e-6))
        shown = s0, np.minimum(flux, s0 * there * np.float32(ADC_AT_MOST))
    canvas.blend(np.minimum(weight * patchy, 1), shown)
