"""What lies around the prostate: bladder, seminal vesicles, rectum, muscles, bone, veins; painted from far to near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .fields import Floats
from .gland import Gland
from .shapes import ellipsoid, lerp_profile
from .tissue import Tissue, TissueSet

Vector = NDArray[np.float64]
_CONTENTS = (Tissue.STOOL, Tissue.GAS, Tissue.GEL, Tissue.MUCOSA)


@dataclass(frozen=True)
class Bladder:
    centre: Vector
    radii: Vector
    wall: float


@dataclass(frozen=True)
class Rectum:
    """Centre line y(z) and radius(z) as knots; `content` fills the lumen to `filling` of the wall's inner radius."""

    x: float
    line: tuple[tuple[float, float], ...]
    radius: tuple[tuple[float, float], ...]
    flatness: float
    wall: float
    content: Tissue
    filling: float
    gas_level: float
    """Gas fills the lumen in front of this share (-1: none, 1: all) of its depth."""


@dataclass(frozen=True)
class Pelvis:
    bladder: Bladder
    vesicle_radii: Vector
    vesicle_centre: Vector
    vesicle_turn: float
    rectum: Rectum
    obturator: tuple[float, float, float]
    """Distance of its middle from the midline, half thickness, half length."""
    levator: tuple[float, float]
    pubis: Vector
    pubis_gap: float
    veins: float
    blobs: tuple[tuple[Vector, Vector, Tissue], ...]


def draw_pelvis(rng: np.random.Generator, gland: Gland) -> Pelvis:
    a, b, c = gland.radii
    return Pelvis(
        bladder=_draw_bladder(rng, gland),
        vesicle_radii=np.array([rng.uniform(14, 21), rng.uniform(3.5, 7.5), rng.uniform(7, 13)]),
        vesicle_centre=np.array([rng.uniform(13, 18), 0.45 * b + rng.uniform(1, 6), 0.85 * c + rng.uniform(4, 9)]),
        vesicle_turn=float(rng.uniform(-0.3, 0.35)),
        rectum=_draw_rectum(rng, gland),
        obturator=(max(a + 14, 42) + rng.uniform(0, 7), rng.uniform(5, 10), rng.uniform(38, 52)),
        levator=(a + rng.uniform(2, 6), rng.uniform(2.0, 4.5)),
        pubis=np.array([rng.uniform(18, 25), -b - rng.uniform(16, 24), -0.55 * c - rng.uniform(4, 12)]),
        pubis_gap=float(rng.uniform(2, 4.5)),
        veins=float(rng.uniform(0.2, 1.0)),
        blobs=tuple(_draw_blobs(rng, b)),
    )


def _draw_bladder(rng: np.random.Generator, gland: Gland) -> Bladder:
    _, b, c = gland.radii
    radii = np.array([rng.uniform(26, 48), rng.uniform(18, 38), rng.uniform(18, 42)])
    lean = rng.uniform(0.1, 1.0)
    centre = np.array([rng.normal(0, 3), -0.35 * b - lean * 0.55 * radii[1], 0.9 * c + radii[2] * (0.85 - 0.4 * lean)])
    return Bladder(centre, radii, float(rng.uniform(2.5, 8.0)))


def _draw_rectum(rng: np.random.Generator, gland: Gland) -> Rectum:
    _, b, c = gland.radii
    radius = float(np.clip(rng.gamma(9.0, 1.75), 9.5, 26.0))
    behind = 0.92 * b - 0.6 * gland.indent + rng.uniform(1.5, 4.0)
    canal = rng.uniform(10.5, 14.0)
    line = (
        (-c - 25, 0.55 * behind + canal),
        (-c, 0.75 * behind + canal),
        (-0.3 * c, behind + radius),
        (c, behind + radius + rng.uniform(-2, 4)),
        (c + 40, behind + radius + rng.uniform(0, 14)),
    )
    sizes = (
        (-c - 25, canal),
        (-c - 2, canal),
        (-0.3 * c, radius),
        (c, radius),
        (c + 40, radius * rng.uniform(0.8, 1.2)),
    )
    content = _CONTENTS[rng.choice(len(_CONTENTS), p=(0.5, 0.15, 0.07, 0.28))]
    gas = float(rng.uniform(-0.9, 0.6)) if rng.random() < 0.4 else -1.0
    return Rectum(
        x=float(rng.normal(0, 2.5)),
        line=line,
        radius=sizes,
        flatness=float(rng.uniform(0.75, 1.2)),
        wall=float(rng.uniform(2.2, 4.5)),
        content=content,
        filling=float(rng.uniform(0.3, 1.0)),
        gas_level=gas if content != Tissue.MUCOSA else -1.0,
    )


def _draw_blobs(rng: np.random.Generator, b: float) -> list[tuple[Vector, Vector, Tissue]]:
    """Vessels and nodes along the pelvic wall and beside the gland."""
    blobs = []
    for _ in range(int(rng.integers(6, 18))):
        side = rng.choice([-1, 1])
        at = np.array([side * rng.uniform(34, 62), rng.uniform(-b - 35, b + 20), rng.uniform(-35, 45)])
        size = rng.uniform(1.2, 4.5) * np.array([1, 1, rng.uniform(1, 4)])
        blobs.append((at, size, Tissue.VEIN if rng.random() < 0.7 else Tissue.NODE))
    return blobs


def paint_pelvis(pelvis: Pelvis, gland: Gland, canvas: Canvas, tissues: TissueSet) -> None:
    """Everything but the gland itself."""
    for target, value in zip(canvas.maps, canvas.contrast(tissues[Tissue.FAT]), strict=True):
        target[...] = value
    _paint_wall(pelvis, canvas, tissues)
    _paint_bone(pelvis, gland, canvas, tissues)
    _paint_veins(pelvis, gland, canvas, tissues)
    _paint_bladder(pelvis.bladder, canvas, tissues)
    for side in (-1, 1):
        canvas.fill(vesicle_distance(pelvis, canvas, side), tissues[Tissue.VESICLE], edge_mm=1.5)
    _paint_levator(pelvis, gland, canvas, tissues)
    _paint_rectum(pelvis.rectum, canvas, tissues)


def obturator_distance(pelvis: Pelvis, canvas: Canvas) -> Floats:
    """The obturator internus: a bent slab inside each pelvic side wall, thinner at its ends."""
    middle, thick, length = pelvis.obturator
    along = (canvas.y - np.float32(8.0)) / np.float32(length)
    plane = np.float32(middle) - np.float32(9.0) * along * along + np.float32(0.12) * canvas.z
    width = np.float32(thick) * np.sqrt(np.clip(1 - along * along, 0, 1))
    return np.abs(np.abs(canvas.x) - plane) - width + np.where(np.abs(along) > 1, np.float32(3.0), np.float32(0.0))


def _paint_wall(pelvis: Pelvis, canvas: Canvas, tissues: TissueSet) -> None:
    """Bone of the side wall with its cortex, muscles beyond it, and the obturator internus on its inner face."""
    middle, thick, length = pelvis.obturator
    sideways = np.abs(canvas.x)
    along = (canvas.y - np.float32(5.0)) / np.float32(length)
    inner = np.float32(middle + thick - 2) - np.float32(9.0) * along * along + np.float32(0.12) * canvas.z
    bone = np.maximum(inner - sideways, np.abs(canvas.y - np.float32(2.0)) - np.float32(0.75 * length))
    bone = np.maximum(bone, sideways - inner - np.float32(22.0))
    gluteus = np.maximum(np.float32(34.0) - sideways, np.float32(0.75 * length + 12) - canvas.y)
    canvas.fill(np.minimum(gluteus, inner + np.float32(30.0) - sideways), tissues[Tissue.MUSCLE])
    canvas.fill(bone, tissues[Tissue.CORTEX])
    canvas.fill(bone + np.float32(1.8), tissues[Tissue.MARROW], edge_mm=1.5)
    canvas.fill(obturator_distance(pelvis, canvas), tissues[Tissue.MUSCLE])
    low = ellipsoid_pair(canvas, np.array([50.0, -22.0, -44.0]), np.array([27.0, 42.0, 30.0]))
    canvas.fill(low, tissues[Tissue.MUSCLE])
    canvas.fill(np.float32(62.0) + canvas.y, tissues[Tissue.MUSCLE])
    canvas.fill(np.float32(76.0) + canvas.y, tissues[Tissue.FAT])


def ellipsoid_pair(canvas: Canvas, centre: Vector, radii: Vector) -> Floats:
    """The same ellipsoid on both sides of the midline."""
    u = (np.abs(canvas.x) - np.float32(centre[0])) / np.float32(radii[0])
    v = (canvas.y - np.float32(centre[1])) / np.float32(radii[1])
    w = (canvas.z - np.float32(centre[2])) / np.float32(radii[2])
    return (np.sqrt(u * u + v * v + w * w) - 1) * np.float32(np.prod(radii) ** (1 / 3))


def pubis_distance(pelvis: Pelvis, canvas: Canvas) -> Floats:
    return ellipsoid_pair(canvas, pelvis.pubis, np.array([pelvis.pubis[0] - pelvis.pubis_gap / 2 + 4, 14.0, 25.0]))


def _paint_bone(pelvis: Pelvis, gland: Gland, canvas: Canvas, tissues: TissueSet) -> None:
    bone = pubis_distance(pelvis, canvas)
    canvas.fill(bone, tissues[Tissue.CORTEX])
    gap = np.float32(pelvis.pubis_gap / 2) - np.abs(canvas.x)
    canvas.fill(np.maximum(bone + np.float32(1.5), gap), tissues[Tissue.MARROW], edge_mm=1.5)
    canvas.fill(np.maximum(bone, -gap - np.float32(0.5)), tissues[Tissue.CARTILAGE])


def _paint_veins(pelvis: Pelvis, gland: Gland, canvas: Canvas, tissues: TissueSet) -> None:
    for centre, radii, tissue in pelvis.blobs:
        box = tuple(float(r) + 6.0 for r in radii)
        part, _ = canvas.crop((float(centre[0]), float(centre[1]), float(centre[2])), box)  # type: ignore[arg-type]
        part.fill(ellipsoid(part, centre, radii), tissues[tissue])


def bladder_distance(bladder: Bladder, canvas: Canvas) -> Floats:
    """Outer surface of the bladder's wall."""
    return ellipsoid(canvas, bladder.centre, bladder.radii)


def _paint_bladder(bladder: Bladder, canvas: Canvas, tissues: TissueSet) -> None:
    outer = bladder_distance(bladder, canvas)
    canvas.fill(outer, tissues[Tissue.BLADDER_WALL])
    canvas.fill(outer + np.float32(bladder.wall), tissues[Tissue.URINE])


def vesicle_distance(pelvis: Pelvis, canvas: Canvas, side: int) -> Floats:
    """One seminal vesicle, a flattened lobe that rises sideways."""
    cx, cy, cz = pelvis.vesicle_centre
    x = canvas.x * np.float32(side) - np.float32(cx)
    turn = np.float32(pelvis.vesicle_turn)
    y = canvas.y - np.float32(cy) - turn * x
    z = canvas.z - np.float32(cz) - np.float32(0.25) * x
    a, b, c = (np.float32(r) for r in pelvis.vesicle_radii)
    return (np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2) - 1) * (a * b * c) ** np.float32(1 / 3)


def _paint_levator(pelvis: Pelvis, gland: Gland, canvas: Canvas, tissues: TissueSet) -> None:
    """A funnel of muscle about apex and rectum, open in front."""
    width, thick = pelvis.levator
    c = float(gland.radii[2])
    knots = ((-c - 20, 14.0), (-c, 0.62 * width), (-0.2 * c, width), (c, width + 6), (c + 20, width + 14))
    half = lerp_profile(canvas.z, knots)
    _, b, _ = gland.radii
    depth = np.float32(b + 22) - lerp_profile(canvas.z, ((-c - 20, 10.0), (c, 0.0)))
    q = np.hypot(canvas.x / half, (canvas.y - np.float32(4.0)) / depth)
    sheet = np.abs((q - 1) * half) - np.float32(thick / 2)
    canvas.fill(np.maximum(sheet, -canvas.y - np.float32(0.5 * b)), tissues[Tissue.MUSCLE])


def rectum_distance(rectum: Rectum, canvas: Canvas) -> tuple[Floats, Floats]:
    """Outer surface of the wall, and the depth (-1 front to 1 back) within the lumen."""
    y = canvas.y - lerp_profile(canvas.z, rectum.line)
    radius = lerp_profile(canvas.z, rectum.radius)
    x = canvas.x - np.float32(rectum.x)
    q = np.hypot(x / np.float32(rectum.flatness), y * np.float32(rectum.flatness))
    return q - radius, y / radius


def _paint_rectum(rectum: Rectum, canvas: Canvas, tissues: TissueSet) -> None:
    outer, depth = rectum_distance(rectum, canvas)
    canvas.fill(outer, tissues[Tissue.RECTAL_WALL])
    inner = outer + np.float32(rectum.wall)
    canvas.fill(inner, tissues[Tissue.MUCOSA])
    canal = lerp_profile(canvas.z, rectum.radius) * np.float32(1 - rectum.filling) + np.float32(1.5)
    below = np.clip(-np.float32(0.8) * (canvas.z + np.float32(22.0)), 0, 9)
    canvas.fill(inner + canal + below, tissues[rectum.content])
    if rectum.gas_level > -1:
        front = (depth - np.float32(rectum.gas_level)) * np.float32(8.0)
        canvas.fill(np.maximum(inner + np.float32(1.5) + below, front), tissues[Tissue.GAS])
