"""Signed distances of the pelvis's structures (mm, negative inside), and their paint from far to near."""

from __future__ import annotations

import numpy as np

from ..core.geometry import triple
from .canvas import Canvas
from .fields import Floats, smooth_noise
from .gland import GlandAnatomy
from .pelvis import Bladder, Muscles, Pelvis, Rectum, Vector, Vesicles
from .shapes import ellipsoid, ellipsoid_pair, lerp_profile, smooth_union
from .tissue import Tissue, TissueSet


def paint_surroundings(
    pelvis: Pelvis, gland: GlandAnatomy, canvas: Canvas, tissues: TissueSet, rng: np.random.Generator
) -> None:
    """Everything but the gland itself."""
    for target, value in zip(canvas.maps, canvas.contrast(tissues[Tissue.FAT]), strict=True):
        target[...] = value
    strands = _strands(canvas, rng)
    canvas.blend(np.float32(pelvis.strands) * strands, canvas.contrast(tissues[Tissue.CAPSULE]))
    ragged = np.float32(pelvis.ragged_mm) * smooth_noise(rng, canvas.grid, 5.0)
    _paint_side_wall(pelvis.muscles, canvas, tissues, ragged)
    _paint_pubis(pelvis, canvas, tissues, ragged)
    fascicles = np.roll(strands, strands.shape[2] // 3, axis=2)  # lie elsewhere than the septa of fat
    canvas.blend(np.float32(pelvis.fascicles) * fascicles, canvas.contrast(tissues[Tissue.FAT]))
    for blob in pelvis.blobs:
        _paint_blob(blob.centre, blob.radii, canvas, tissues, blob.tissue)
    _paint_bladder(pelvis.bladder, gland, canvas, tissues)
    for side in (-1, 1):
        body = vesicle_distance(pelvis.vesicles, canvas, side)
        canvas.fill(body - np.float32(0.8), tissues[Tissue.CAPSULE])
        canvas.fill(body, tissues[Tissue.VESICLE], edge_mm=1.5)
        canvas.blend(canvas.coverage(body) * strands, canvas.contrast(tissues[Tissue.STROMAL]))
    _paint_levator(pelvis, gland, canvas, tissues, rng)
    _paint_rectum(pelvis.rectum, canvas, tissues, rng)
    _mottle(pelvis.mottle, canvas, rng)


def _mottle(shares: tuple[float, float], canvas: Canvas, rng: np.random.Generator) -> None:
    """Uneven signal of all tissues, fine and coarse: `shares` are their relative spreads."""
    fine, coarse = (np.float32(share) for share in shares)
    uneven = 1 + fine * smooth_noise(rng, canvas.grid, 1.2) + coarse * smooth_noise(rng, canvas.grid, 6.0)
    for target in canvas.maps:
        target[...] *= np.clip(uneven, 0.4, 1.8)


def _strands(canvas: Canvas, rng: np.random.Generator) -> Floats:
    """0 to 1: thin septa and vessel walls where smooth noise crosses zero, dense in places and rare in others."""
    noise = smooth_noise(rng, canvas.grid, 1.8)
    density = smooth_noise(rng, canvas.grid, 7.0)
    noise += np.float32(0.7) * density
    vessels: Floats = np.clip(1 - np.abs(noise) * np.float32(2.2), 0, 1) * np.clip(np.float32(0.45) + density, 0.05, 1)
    return vessels


def obturator_distance(muscles: Muscles, canvas: Canvas) -> Floats:
    """The obturator internus: a bent slab inside each pelvic side wall, thinner at its ends."""
    middle, thick, length = muscles.obturator
    along = (canvas.y - np.float32(6.0)) / np.float32(length)
    width = np.float32(thick) * np.sqrt(np.clip(1 - along * along, 0, 1))
    beyond = np.where(np.abs(along) > 1, np.float32(3.0), np.float32(0.0))
    distance: Floats = np.abs(np.abs(canvas.x) - _wall_plane(muscles, canvas, middle)) - width + beyond
    return distance


def _wall_plane(muscles: Muscles, canvas: Canvas, middle: float) -> Floats:
    """Distance of the bent side wall from the midline: nearer in front and behind, wider above."""
    along = (canvas.y - np.float32(6.0)) / np.float32(muscles.obturator[2])
    plane: Floats = np.float32(middle) - np.float32(7.0) * along * along + np.float32(muscles.lean) * canvas.z
    return plane


def _paint_side_wall(muscles: Muscles, canvas: Canvas, tissues: TissueSet, ragged: Floats) -> None:
    """Bone of the side wall with its cortex, muscles beyond it, and the obturator internus on its inner face; `ragged`
    (mm) moves their surfaces.
    """
    middle, thick, length = muscles.obturator
    sideways = np.abs(canvas.x)
    inner = _wall_plane(muscles, canvas, middle + thick - 1)
    across = np.maximum(np.abs(sideways - inner - np.float32(11.0)) - np.float32(2.0), 0)
    bone = (
        np.hypot(across, np.maximum(np.abs(canvas.y - np.float32(2.0)) - np.float32(0.75 * length - 9), 0)) - 9 + ragged
    )
    gluteus = ellipsoid_pair(canvas, np.array([82.0, 0.75 * length + 36, 0.0]), np.array([46.0, 30.0, 90.0]))
    canvas.fill(np.minimum(gluteus, inner + np.float32(30.0) - sideways) - ragged, tissues[Tissue.MUSCLE])
    canvas.fill(bone, tissues[Tissue.CORTEX])
    canvas.fill(bone + np.float32(1.8) + np.float32(0.3) * ragged, tissues[Tissue.MARROW], edge_mm=2.5)
    canvas.fill(obturator_distance(muscles, canvas) + np.float32(0.5) * ragged, tissues[Tissue.MUSCLE])
    low = ellipsoid_pair(canvas, np.array([middle + 6.0, -22.0, -42.0]), np.array([27.0, 42.0, 30.0]))
    canvas.fill(low + ragged, tissues[Tissue.MUSCLE])
    canvas.fill(np.float32(62.0) + canvas.y, tissues[Tissue.MUSCLE])
    canvas.fill(np.float32(76.0) + canvas.y, tissues[Tissue.FAT])


def pubis_distance(pelvis: Pelvis, canvas: Canvas) -> Floats:
    """Both pubic bodies and the rami that rise from them to the side walls."""
    x, y, z = (float(v) for v in pelvis.pubis)
    bodies = ellipsoid_pair(canvas, pelvis.pubis, np.array([x - pelvis.pubis_gap / 2 + 5, 16.0, 25.0]))
    out = np.abs(canvas.x) - np.float32(x + 20)
    rise = canvas.z - np.float32(z + 22) - np.float32(0.4) * out
    back = canvas.y - np.float32(y + 1) - np.float32(0.3) * out
    rami = np.sqrt((out / 26) ** 2 + (back / 8) ** 2 + (rise / 8) ** 2) - 1
    return smooth_union(bodies, rami * np.float32(9.0), 8.0)


def _paint_pubis(pelvis: Pelvis, canvas: Canvas, tissues: TissueSet, ragged: Floats) -> None:
    in_front = ellipsoid_pair(canvas, pelvis.pubis + np.array([16.0, -10.0, -6.0]), np.array([32.0, 24.0, 32.0]))
    beside = ellipsoid_pair(canvas, pelvis.pubis + np.array([22.0, 4.0, -4.0]), np.array([20.0, 18.0, 24.0]))
    canvas.fill(np.minimum(in_front, beside) - ragged, tissues[Tissue.MUSCLE])
    bone = pubis_distance(pelvis, canvas) + ragged
    canvas.fill(bone, tissues[Tissue.CORTEX])
    gap = np.float32(pelvis.pubis_gap / 2) - np.abs(canvas.x)
    cortex = np.float32(0.9) + np.float32(0.3) * ragged
    canvas.fill(np.maximum(bone + cortex, gap), tissues[Tissue.MARROW], edge_mm=2.5)
    canvas.fill(np.maximum(bone, -gap - np.float32(0.5)), tissues[Tissue.CARTILAGE])


def _paint_blob(centre: Vector, radii: Vector, canvas: Canvas, tissues: TissueSet, tissue: Tissue) -> None:
    part, _ = canvas.crop(triple(centre), triple(float(r) + 6.0 for r in radii))
    distance = ellipsoid(part, centre, radii)
    part.fill(distance - np.float32(0.6), tissues[Tissue.CAPSULE])
    part.fill(distance, tissues[tissue])


def bladder_distance(bladder: Bladder, canvas: Canvas) -> Floats:
    """Outer surface of the bladder's wall."""
    return ellipsoid(canvas, bladder.centre, bladder.radii)


def _paint_bladder(bladder: Bladder, gland: GlandAnatomy, canvas: Canvas, tissues: TissueSet) -> None:
    a, b, c = (float(r) for r in gland.radii)
    near, _ = canvas.crop((0.0, -0.5 * b, c), (a + 12, b + 14, c + 14))
    both = smooth_union(
        bladder_distance(bladder, near), gland.outline.distance(near.x, near.y, near.z), bladder.neck_mm
    )
    near.fill(both, tissues[Tissue.BLADDER_WALL], edge_mm=2.0)
    outer = bladder_distance(bladder, canvas)
    canvas.fill(outer, tissues[Tissue.BLADDER_WALL])
    canvas.fill(outer + np.float32(bladder.wall), tissues[Tissue.URINE])


def vesicle_distance(vesicles: Vesicles, canvas: Canvas, side: int) -> Floats:
    """One seminal vesicle, a flattened lobe that rises sideways."""
    cx, cy, cz = vesicles.centre
    x = canvas.x * np.float32(side) - np.float32(cx)
    y = canvas.y - np.float32(cy) - np.float32(vesicles.turn) * x
    z = canvas.z - np.float32(cz + side * vesicles.skew) - np.float32(0.25) * x
    a, b, c = (np.float32(r) for r in vesicles.radii)
    distance: Floats = (np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2) - 1) * (a * b * c) ** np.float32(1 / 3)
    return distance


def _paint_levator(
    pelvis: Pelvis, gland: GlandAnatomy, canvas: Canvas, tissues: TissueSet, rng: np.random.Generator
) -> None:
    """A sling of muscle that hugs apex and rectum, thick below, open in front."""
    a, b, c = (float(r) for r in gland.radii)
    near, _ = canvas.crop((0.0, 14.0, -5.0), (a + 22, b + 45, c + 30))
    held = smooth_union(gland.outline.distance(near.x, near.y, near.z), rectum_distance(pelvis.rectum, near)[0], 14.0)
    muscles = pelvis.muscles
    gap, half = lerp_profile(near.z, muscles.levator_gap), lerp_profile(near.z, muscles.levator_half)
    uneven = 1 + np.float32(0.5) * smooth_noise(rng, near.grid, 4.0)
    sheet = np.abs(held - gap) - half * uneven
    near.fill(np.maximum(sheet, np.float32(muscles.levator_front) - near.y), tissues[Tissue.MUSCLE], edge_mm=1.8)


def rectum_distance(rectum: Rectum, canvas: Canvas) -> tuple[Floats, Floats]:
    """Outer surface of the wall, and the depth (-1 front to 1 back) within the lumen."""
    y = canvas.y - lerp_profile(canvas.z, rectum.line)
    radius = lerp_profile(canvas.z, rectum.radius)
    x = canvas.x - np.float32(rectum.x)
    q = np.hypot(x / np.float32(rectum.flatness), y * np.float32(rectum.flatness))
    return q - radius, y / radius


def _paint_rectum(rectum: Rectum, canvas: Canvas, tissues: TissueSet, rng: np.random.Generator) -> None:
    reach = (34.0, 40.0, 90.0)
    part, _ = canvas.crop((rectum.x, float(rectum.line[2][1]), 0.0), reach)
    outer, depth = rectum_distance(rectum, part)
    uneven = smooth_noise(rng, part.grid, 3.0)
    part.fill(outer, tissues[Tissue.RECTAL_WALL])
    inner = outer + np.float32(rectum.wall) + uneven
    part.fill(inner, tissues[Tissue.MUCOSA])
    canal = lerp_profile(part.z, rectum.radius) * np.float32(rectum.empty) + np.float32(1.5)
    below = np.clip(-np.float32(0.8) * (part.z + np.float32(22.0)), 0, 9)
    lumen = inner + canal + below
    part.fill(lumen, tissues[rectum.content])
    part.blend(part.coverage(lumen) * np.clip(uneven * np.float32(0.4), 0, 0.8), part.contrast(tissues[Tissue.GEL]))
    if rectum.gas_level > -1:
        front = (depth - np.float32(rectum.gas_level)) * np.float32(8.0)
        part.fill(np.maximum(inner + np.float32(1.5) + below, front), tissues[Tissue.GAS])


def paint_plexus(pelvis: Pelvis, canvas: Canvas, gland: Floats, texture: Floats, tissues: TissueSet) -> None:
    """Veins and fascia around the gland on a crop whose distance to the gland and whose noise are given."""
    around = np.clip(1 - np.maximum(gland, 0) / np.float32(pelvis.plexus_mm), 0, 1) * (gland > 0)
    around *= np.float32(pelvis.plexus_share)
    bright = np.clip(texture[0] * np.float32(1.6) - np.float32(0.4), 0, 1)
    dark = np.clip(-texture[0] * np.float32(1.6), 0, 1)
    canvas.blend(around * dark, canvas.contrast(tissues[Tissue.RECTAL_WALL]))
    canvas.blend(around * bright, canvas.contrast(tissues[Tissue.VEIN]))
