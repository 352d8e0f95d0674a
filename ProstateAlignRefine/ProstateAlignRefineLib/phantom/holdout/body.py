"""The second family's anatomy: a star-shaped gland with a cellular transition zone, among simple solids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..canvas import Canvas, Effect
from ..fields import Floats
from ..gland import GlandField
from ..shapes import smooth_union
from ..tissue import Properties, Spread, Tissue, TissueSet, vary
from ..truth import Zone
from .solids import Star, Vector, Waves, beads, capsule


@dataclass(frozen=True)
class Cell:
    """One cell of the transition zone: everything nearer to `seed` than to another."""

    seed: Vector
    tissue: Properties


@dataclass(frozen=True)
class Body:
    """Half-axes `size` of the gland (mm), its zones, and the organs around it; `waves` make texture, coarse to fine."""

    size: Vector
    gland: Star
    transition: Star
    central: tuple[Vector, float]
    stroma: tuple[float, float]
    urethra: tuple[float, float]
    cells: tuple[Cell, ...]
    septum: float
    rectum: tuple[float, float, float, float]
    content: Tissue
    bladder: tuple[Vector, Vector, float, float]
    beads: tuple[tuple[Vector, ...], tuple[float, ...]]
    obturator: tuple[Vector, Vector, float]
    levator: tuple[float, float, float]
    bones: tuple[tuple[Vector, Vector, float], ...]
    streaks: tuple[tuple[float, float, Effect], ...]
    patch: Effect
    waves: tuple[Waves, ...]


def draw_body(rng: np.random.Generator, tissues: TissueSet) -> Body:
    """A gland of 25 to 120 mL (log-normal around 51) and what lies around it; shapes share no code with the other
    family's."""
    volume = float(np.clip(np.exp(rng.normal(np.log(51.0), 0.42)), 25.0, 120.0))
    size = np.array([1.2, 0.92, 1.05]) * np.exp(rng.normal(0, 0.07, 3))
    size *= (volume * 1000 / (4 / 3 * np.pi * np.prod(size))) ** (1 / 3)
    a, b, c = (float(v) for v in size)
    gland = Star(np.zeros(3), np.r_[np.log(size), rng.normal(0, 0.05, 8)]).scaled_to(volume)
    inner = float(np.clip(rng.normal(0.35 + 0.0035 * volume, 0.07), 0.25, 0.8)) * volume
    centre = np.array([rng.normal(0, 1.5), -0.22 * b + rng.normal(0, 1), 0.15 * c + rng.normal(0, 1.5)])
    transition = Star(centre, np.r_[np.log(size), rng.normal(0, 0.07, 8)]).scaled_to(inner)
    tall = 2.3 * (inner * 0.24 * 1000 / np.pi) ** (1 / 3)
    back = float(np.exp(gland.weights[1] + gland.weights[6]))
    return Body(
        size=size,
        gland=gland,
        transition=transition,
        central=(np.array([0.0, 0.42 * b, 0.66 * c]), float(rng.uniform(6, 10))),
        stroma=(float(rng.uniform(0.62, 0.85)) * b, float(rng.uniform(7, 14))),
        urethra=(float(rng.uniform(-0.35, 0.1)), float(rng.uniform(2.0, 4.0))),
        cells=tuple(_draw_cell(rng, centre, tall, tissues) for _ in range(int(rng.integers(8, 26)))),
        septum=float(rng.uniform(0.0, 0.8)),
        rectum=_draw_rectum(rng, back),
        content=(Tissue.STOOL, Tissue.GEL, Tissue.GAS, Tissue.MUCOSA)[rng.choice(4, p=(0.45, 0.15, 0.1, 0.3))],
        bladder=_draw_bladder(rng, b, c),
        beads=_draw_beads(rng, b, c),
        obturator=_draw_obturator(rng, a),
        levator=_draw_levator(rng, a, c),
        bones=_draw_bones(rng, a, b, c),
        streaks=tuple(_draw_streak(rng) for _ in range(int(rng.integers(0, 4)))),
        patch=Effect(rng.uniform(0.6, 1.0), rng.uniform(0.85, 1.0), rng.uniform(0.85, 1.0)),
        waves=tuple(Waves.draw(rng, length) for length in (40.0, 12.0, 12.0, 6.0, 3.5)),
    )


def _draw_rectum(rng: np.random.Generator, back: float) -> tuple[float, float, float, float]:
    """Front wall's y, radius, sideways swing and wall thickness."""
    front, radius, swing, wall = rng.uniform((back + 0.5, 9.0, 0.0, 2.0), (back + 2.5, 22.0, 4.0, 4.0))
    return float(front), float(radius), float(swing), float(wall)


def _draw_obturator(rng: np.random.Generator, a: float) -> tuple[Vector, Vector, float]:
    front, back = np.array([a + rng.uniform(13, 20), -22.0, 12.0]), np.array([a + rng.uniform(10, 18), 38.0, -4.0])
    return front, back, float(rng.uniform(6, 9))


def _draw_levator(rng: np.random.Generator, a: float, c: float) -> tuple[float, float, float]:
    """Height of the paraboloid's foot, its opening, half its thickness."""
    foot, beside, half = rng.uniform((12.0, 3.0, 1.0), (20.0, 8.0, 2.5))
    return float(-c - foot), float((a + beside) / np.sqrt(c + 16)), float(half)


def _draw_bones(rng: np.random.Generator, a: float, b: float, c: float) -> tuple[tuple[Vector, Vector, float], ...]:
    pubis = (np.array([6.0, -b - 17, -c * 0.5]), np.array([26.0, -b - 22, -c * 0.2]), float(rng.uniform(8, 12)))
    hip = (np.array([a + 40, -6.0, 5.0]), np.array([a + 40, 20.0, -20.0]), float(rng.uniform(12, 16)))
    return pubis, hip


def _draw_cell(rng: np.random.Generator, centre: Vector, reach: float, tissues: TissueSet) -> Cell:
    kind = (Tissue.TRANSITION, Tissue.GLANDULAR, Tissue.STROMAL)[rng.choice(3, p=(0.45, 0.3, 0.25))]
    away = rng.uniform(-1, 1, 3) * reach * (1.0, 0.8, 0.9)
    return Cell(centre + away, vary(rng, tissues[kind], Spread(0.1, 0.06)))


def _draw_bladder(rng: np.random.Generator, b: float, c: float) -> tuple[Vector, Vector, float, float]:
    """Two balls of one radius, and the wall's thickness."""
    radius = float(rng.uniform(18, 30))
    y, z = -0.5 * b - rng.uniform(0.2, 0.6) * radius, rng.uniform(0.1, 0.8) * c + radius
    apart = rng.uniform(5, 18)
    return np.array([-apart, y, z]), np.array([apart, y, z]), radius, float(rng.uniform(2.5, 6.0))


def _draw_beads(rng: np.random.Generator, b: float, c: float) -> tuple[tuple[Vector, ...], tuple[float, ...]]:
    """Seminal vesicles: beads along two rising arcs."""
    centres, radii = [], []
    for side in (-1, 1):
        for step in range(7):
            at = np.array([side * (5 + 4 * step), 0.5 * b + 3 - 0.4 * step, 0.95 * c + 2 + 1.3 * step])
            centres.append(at + rng.normal(0, 1.2, 3))
            radii.append(float(rng.uniform(2.5, 5.0)))
    return tuple(centres), tuple(radii)


def _draw_streak(rng: np.random.Generator) -> tuple[float, float, Effect]:
    """A dark plane through the peripheral zone: its angle, its half thickness, its effect."""
    effect = Effect(rng.uniform(0.4, 0.75), rng.uniform(0.85, 1.0), rng.uniform(0.78, 0.96))
    return float(rng.uniform(0.1, np.pi - 0.1)), float(rng.uniform(0.8, 2.5)), effect


def bend(body: Body, canvas: Canvas) -> None:
    """Deform what the canvas sees, in place, by long waves."""
    shift = body.waves[0].at(canvas)
    for points, share in zip((canvas.x, canvas.y, canvas.z), (1.2, -0.9, 0.8), strict=True):
        points[...] += np.float32(share) * shift


def body_field(body: Body, canvas: Canvas) -> GlandField:
    """The gland's distances on a crop about it; `texture` holds the finer waves."""
    gland = body.gland.distance(canvas)
    transition = np.maximum(body.transition.distance(canvas), gland + np.float32(1.0))
    centre, radius = body.central
    central = np.maximum(np.maximum(beads(canvas, [centre], [radius]), gland), -transition)
    depth, width = body.stroma
    stroma = np.maximum(np.maximum(canvas.y + np.float32(depth), np.abs(canvas.x) - np.float32(width)), gland)
    slope, bore = body.urethra
    lane = np.hypot(canvas.x, canvas.y + np.float32(0.15 * body.size[1]) - np.float32(slope) * canvas.z)
    texture = np.stack([waves.at(canvas) for waves in body.waves[1:]])
    return GlandField(gland, transition, central, stroma, np.maximum(lane - np.float32(bore), gland), texture)


def rectum_wall(body: Body, canvas: Canvas) -> Floats:
    """Outer surface of the rectum: a winding tube that narrows to the anal canal."""
    front, radius, swing, _ = body.rectum
    narrow = np.clip((canvas.z + np.float32(body.size[2] + 4)) / 14, 0.0, 1.0)
    width = np.float32(min(radius, 11.0)) * (1 - narrow) + np.float32(radius) * narrow
    x = canvas.x - np.float32(swing) * np.sin(canvas.z / 17)
    y = canvas.y - (np.float32(front) * (np.float32(0.75) + np.float32(0.25) * narrow) + width)
    distance: Floats = np.hypot(x, y) - width
    return distance


def bladder_wall(body: Body, canvas: Canvas) -> Floats:
    """Signed distance (mm) to two balls that melt into one."""
    left, right, radius, _ = body.bladder
    return smooth_union(beads(canvas, [left], [radius]), beads(canvas, [right], [radius]), 12.0)


def paint_body(body: Body, canvas: Canvas, tissues: TissueSet) -> None:
    """Everything around the gland."""
    for target, value in zip(canvas.maps, canvas.contrast(tissues[Tissue.FAT]), strict=True):
        target[...] = value
    speckle = np.clip(body.waves[3].at(canvas) - np.float32(0.9), 0, 1) * np.float32(0.6)
    canvas.blend(speckle, canvas.contrast(tissues[Tissue.RECTAL_WALL]))
    for start, end, radius in body.bones:
        bone = capsule(canvas, start, end, radius)
        canvas.fill(bone, tissues[Tissue.CORTEX])
        canvas.fill(bone + np.float32(1.5), tissues[Tissue.MARROW])
    canvas.fill(capsule(canvas, *body.obturator), tissues[Tissue.MUSCLE])
    canvas.fill(np.maximum(np.float32(60.0) - canvas.y, np.float32(20.0) - np.abs(canvas.x)), tissues[Tissue.MUSCLE])
    bladder = bladder_wall(body, canvas)
    canvas.fill(bladder, tissues[Tissue.BLADDER_WALL])
    canvas.fill(bladder + np.float32(body.bladder[3]), tissues[Tissue.URINE])
    vesicles = beads(canvas, *body.beads)
    canvas.fill(vesicles, tissues[Tissue.STROMAL])
    canvas.fill(vesicles + np.float32(1.0), tissues[Tissue.VESICLE])
    canvas.fill(_levator_distance(body, canvas), tissues[Tissue.MUSCLE])
    wall = rectum_wall(body, canvas)
    canvas.fill(wall, tissues[Tissue.RECTAL_WALL])
    canvas.fill(wall + np.float32(body.rectum[3]), tissues[body.content], edge_mm=2.0)


def paint_prostate(body: Body, canvas: Canvas, field: GlandField, tissues: TissueSet) -> None:
    """The gland on a crop about it, with its mimics and texture."""
    canvas.fill(field.gland - np.float32(1.0), tissues[Tissue.CAPSULE])
    canvas.fill(field.gland, tissues[Tissue.PERIPHERAL])
    _paint_streaks(body, canvas, field)
    canvas.fill(field.transition - np.float32(0.8), tissues[Tissue.STROMAL])
    _paint_cells(body, canvas, field, tissues)
    canvas.fill(field.central, tissues[Tissue.CENTRAL], edge_mm=2.0)
    canvas.fill(field.stroma, tissues[Tissue.ANTERIOR_STROMA], edge_mm=4.0)
    canvas.fill(field.urethra, tissues[Tissue.URETHRA], edge_mm=2.5)
    grain = np.clip(field.texture[3] * np.float32(0.5), -1, 1)
    canvas.scale(canvas.coverage(field.gland) * grain, Effect(0.85, 1.0, 0.96))


def _levator_distance(body: Body, canvas: Canvas) -> Floats:
    """The sheet of a paraboloid that opens upwards from below the apex, without its front."""
    foot, spread, half = body.levator
    radius = np.float32(spread) * np.sqrt(np.maximum(canvas.z - np.float32(foot), np.float32(0.1)))
    sheet = np.abs(np.hypot(canvas.x, np.float32(0.6) * (canvas.y - np.float32(0.3 * body.size[1]))) - radius)
    distance: Floats = np.maximum(sheet - np.float32(half), np.float32(-0.4 * body.size[1]) - canvas.y)
    return distance


def _paint_streaks(body: Body, canvas: Canvas, field: GlandField) -> None:
    peripheral = canvas.coverage(np.maximum(field.gland, -field.transition))
    canvas.scale(peripheral * np.clip(field.texture[1], 0, 1), body.patch)
    for angle, half, effect in body.streaks:
        across = canvas.x * np.float32(np.sin(angle)) - canvas.y * np.float32(np.cos(angle))
        plane = np.abs(across + field.texture[0]) - np.float32(half)
        canvas.scale(peripheral * canvas.coverage(plane, 1.5) * (canvas.y > 0), effect)


def _paint_cells(body: Body, canvas: Canvas, field: GlandField, tissues: TissueSet) -> None:
    """Each voxel of the transition zone takes the nearest cell's tissue; septa lie where two are equally near."""
    first = np.full_like(canvas.x, 1e4)
    second = first.copy()
    owner = np.zeros(canvas.x.shape, np.intp)
    for number, cell in enumerate(body.cells):
        x, y, z = (p - np.float32(c) for p, c in zip((canvas.x, canvas.y, canvas.z), cell.seed, strict=True))
        away = np.sqrt(x * x + y * y + z * z)
        closer = away < first
        second = np.where(closer, first, np.minimum(second, away))
        owner[closer] = number
        first = np.where(closer, away, first)
    values = np.array([canvas.contrast(cell.tissue) for cell in body.cells], np.float32)
    inside = canvas.coverage(field.transition, 2.0)
    canvas.blend(inside, tuple(values[owner].transpose(3, 0, 1, 2)))
    septa = np.clip(1 - (second - first) / np.float32(2.0), 0, 1) * np.float32(body.septum)
    canvas.blend(inside * septa, canvas.contrast(tissues[Tissue.CAPSULE]))


def body_zones(body: Body, canvas: Canvas) -> NDArray[np.uint8]:
    """`Zone` codes of all but the gland."""
    zones = np.zeros(canvas.grid.shape, np.uint8)
    for start, end, radius in body.bones:
        zones[capsule(canvas, start, end, radius) < 0] = Zone.BONE
    zones[capsule(canvas, *body.obturator) < 0] = Zone.MUSCLE
    zones[bladder_wall(body, canvas) < 0] = Zone.BLADDER
    zones[beads(canvas, *body.beads) < 0] = Zone.SEMINAL_VESICLES
    zones[rectum_wall(body, canvas) < 0] = Zone.RECTUM
    return zones
