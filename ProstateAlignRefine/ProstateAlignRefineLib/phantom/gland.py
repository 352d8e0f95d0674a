"""The prostate: its shape, its zones and its nodules, as signed distances in the anatomy's frame (mm)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core.geometry import triple
from .canvas import Canvas
from .fields import Floats, NoiseBox
from .shapes import ellipsoid, interpolate, lerp_profile, smooth_union
from .tissue import Properties, Spread, Tissue, TissueSet, vary

TEXTURE_MM = (3.5, 6.0, 6.0, 10.0, 10.0)
"""Correlation lengths of the noise fields inside the gland."""


@dataclass(frozen=True)
class Lobe:
    """Of the transition zone: an ellipsoid, centre and half-axes in mm from the gland's centre (left, back, up)."""

    centre: NDArray[np.float64]
    radii: NDArray[np.float64]


@dataclass(frozen=True)
class Nodule:
    """A nodule of hyperplasia: an ellipsoid with a dark rim; an exophytic one bulges out of the transition zone."""

    centre: NDArray[np.float64]
    radii: NDArray[np.float64]
    tissue: Properties
    rim: float
    stromal: bool
    exophytic: bool = False


@dataclass(frozen=True)
class Outline:
    """Half-axes a (left-right), b (anterior-posterior), c (craniocaudal) and what varies about the ellipsoid."""

    radii: NDArray[np.float64]
    squareness: float
    taper: float
    indent: float
    skew: float

    def distance(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Superellipse cross-sections: narrower in front and at the apex, flat or indented towards the rectum."""
        a, b, c = (np.float32(r) for r in self.radii)
        t = z / c
        narrow = 1 + np.float32(self.taper) * np.clip(y / b, -1, 0.6) + np.float32(0.12) * np.clip(t, -1, 1)
        u = np.abs(x - np.float32(self.skew) * y) / (a * narrow)
        v = y / b
        hollow = np.float32(self.indent) * np.exp(-((x / (a / 2)) ** 2)) * np.clip(2 * v, 0, 1)
        depth = np.where(v > 0, (v + hollow) / np.float32(0.92), v / np.float32(1.05))
        n = np.float32(self.squareness)
        q = np.sqrt((u**n + np.abs(depth) ** n) ** (2 / n) + t * t)
        distance: Floats = (q - 1) * np.float32(np.prod(self.radii) ** (1 / 3))
        return distance

    def scaled_to(self, volume_ml: float) -> Outline:
        """The same shape at this volume."""
        at = np.linspace(-1.3, 1.3, 40, dtype=np.float32)
        z, y, x = np.meshgrid(*[at * np.float32(r) for r in self.radii[::-1]], indexing="ij")
        box = float(np.prod(2.6 * 40 / 39 * self.radii)) / 1000
        measured = float((self.distance(x, y, z) < 0).mean()) * box
        return replace(self, radii=self.radii * (volume_ml / measured) ** (1 / 3))


@dataclass(frozen=True)
class GlandAnatomy:
    """Outline and inner structure; `stroma` is width and thickness, `urethra` x, radius and bend."""

    outline: Outline
    lobes: tuple[Lobe, Lobe]
    stroma: tuple[float, float]
    central: float
    urethra: tuple[float, float, float]
    resected: bool
    nodules: tuple[Nodule, ...]

    @property
    def radii(self) -> NDArray[np.float64]:
        """Half-axes of the gland in mm: left-right, anterior-posterior, craniocaudal."""
        return self.outline.radii


@dataclass(frozen=True)
class GlandField:
    """Signed distances (mm) on a crop: negative inside. `texture` [5, z, y, x] is unit noise over `TEXTURE_MM`."""

    gland: Floats
    transition: Floats
    central: Floats
    stroma: Floats
    urethra: Floats
    texture: Floats


VOLUME_PERCENTILES = ((0.0, 25.0), (0.05, 28.0), (0.25, 39.0), (0.5, 51.0), (0.75, 70.0), (0.95, 105.0), (1.0, 120.0))


def draw_gland(rng: np.random.Generator, tissues: TissueSet) -> GlandAnatomy:
    """A gland of 25 to 120 mL, median 51."""
    volume = interpolate(rng.random(), VOLUME_PERCENTILES)
    outline = Outline(
        radii=np.array([1.22, 0.90, 1.04]) * np.exp(rng.normal(0, 0.06, 3)),
        squareness=float(rng.uniform(2.0, 2.7)),
        taper=float(rng.uniform(0.05, 0.3)),
        indent=float(rng.uniform(0.0, 0.2)),
        skew=float(rng.normal(0, 0.06)),
    ).scaled_to(volume)
    lobes = _draw_lobes(rng, outline.radii, volume)
    return GlandAnatomy(
        outline=outline,
        lobes=lobes,
        stroma=(float(rng.uniform(6, 16)), float(rng.uniform(2, 10))),
        central=float(rng.uniform(0.6, 1.15)),
        urethra=(float(rng.normal(0, 1.5)), float(rng.uniform(1.8, 3.5)), float(rng.uniform(0.0, 0.3))),
        resected=bool(rng.random() < 0.06),
        nodules=tuple(_draw_nodules(rng, lobes, tissues)),
    )


def _draw_lobes(rng: np.random.Generator, radii: NDArray[np.float64], volume: float) -> tuple[Lobe, Lobe]:
    """The transition zone's two lobes; the peripheral zone keeps about 16 to 30 mL of the gland."""
    peripheral = min(16.0 + 0.13 * volume + rng.normal(0, 4.0), 0.7 * volume)
    size = 0.92 * ((volume - peripheral) / volume) ** (1 / 3)
    lobes = []
    for side in (-1, 1):
        own = radii * size * np.array([0.66, 1.0, 1.0]) * np.exp(rng.normal(0, [0.10, 0.05, 0.07]))
        centre = np.array([side * 0.36 * size * radii[0], 0.0, 0.0])
        centre[1] = -(radii[1] - own[1]) * rng.uniform(0.55, 0.95)
        centre[2] = (radii[2] - own[2]) * rng.uniform(0.4, 0.9)
        lobes.append(Lobe(centre, own))
    return lobes[0], lobes[1]


def _draw_nodules(rng: np.random.Generator, lobes: tuple[Lobe, Lobe], tissues: TissueSet) -> list[Nodule]:
    nodules = []
    for lobe in lobes:
        count = int(rng.poisson(2.5 + 0.35 * float(lobe.radii.min())))
        for _ in range(min(count, 14)):
            away = rng.normal(size=3)
            away *= rng.random() ** (1 / 3) / np.linalg.norm(away)
            radius = min(rng.gamma(3.0, 1.7) + 1.5, 0.62 * float(lobe.radii.min()))
            radii = radius * np.exp(rng.normal(0, 0.18, 3))
            stromal = bool(rng.random() < 0.35)
            mean = tissues[Tissue.STROMAL if stromal else Tissue.GLANDULAR]
            mixed = mean if rng.random() < 0.6 else _between(mean, tissues[Tissue.TRANSITION], rng.uniform(0.2, 0.7))
            tissue = vary(rng, mixed, Spread(0.12, 0.04))
            nodules.append(Nodule(lobe.centre + away * lobe.radii * 0.85, radii, tissue, rng.uniform(0, 0.9), stromal))
    return nodules


def _between(one: Properties, other: Properties, share: float) -> Properties:
    mix = [(1 - share) * p + share * q for p, q in zip(_plain(one), _plain(other), strict=True)]
    return Properties(*mix)


def _plain(tissue: Properties) -> tuple[float, float, float, float]:
    return tissue.t2, tissue.density, tissue.adc, tissue.diffusion_share


def gland_field(gland: GlandAnatomy, canvas: Canvas, texture: NoiseBox) -> GlandField:
    """Every distance of the gland on `canvas` (a crop about the gland)."""
    outer = gland.outline.distance(canvas.x, canvas.y, canvas.z)
    lobes = [ellipsoid(canvas, lobe.centre, lobe.radii, gland.outline.squareness) for lobe in gland.lobes]
    transition = np.maximum(smooth_union(lobes[0], lobes[1], 6.0), outer + np.float32(0.8))
    return GlandField(
        gland=outer,
        transition=transition,
        central=_central_distance(gland, canvas, outer, transition),
        stroma=_stroma_distance(gland, canvas, outer),
        urethra=np.maximum(_urethra_distance(gland, canvas), outer),
        texture=texture.on(canvas.grid),
    )


def urethra_line(gland: GlandAnatomy, z: Floats) -> tuple[Floats, Floats]:
    """x and y of the urethra at height z: from the bladder neck in front, back at the verumontanum, to the apex."""
    _, b, c = gland.radii
    t = np.clip(z / np.float32(c), -1.2, 1.2)
    y = lerp_profile(t, ((-1.2, -0.05), (-0.3, gland.urethra[2] * 0.6), (0.2, gland.urethra[2] * 0.5), (1.2, -0.35)))
    return np.full_like(t, gland.urethra[0]), y * np.float32(b)


def _urethra_distance(gland: GlandAnatomy, canvas: Canvas) -> Floats:
    x, y = urethra_line(gland, canvas.z)
    radius = np.float32(gland.urethra[1])
    if gland.resected:
        radius = radius + np.clip(canvas.z * np.float32(0.35), 0, 8)
    distance: Floats = np.hypot(canvas.x - x, canvas.y - y) - radius
    return distance


def _stroma_distance(gland: GlandAnatomy, canvas: Canvas, outer: Floats) -> Floats:
    """A wedge at the anterior surface, thick in the midline."""
    width, thickness = gland.stroma
    depth = np.float32(thickness) * (1 - (canvas.x / np.float32(width)) ** 2)
    inside = np.where(canvas.y < -0.2 * gland.radii[1], -outer - depth, np.float32(20.0))
    wedge: Floats = np.maximum(inside, outer)
    return wedge


def _central_distance(gland: GlandAnatomy, canvas: Canvas, outer: Floats, transition: Floats) -> Floats:
    """Two cones behind the transition zone at the base, about the ejaculatory ducts."""
    a, b, c = gland.radii
    radii = np.array([0.33 * a, 0.30 * b, 0.55 * c]) * gland.central
    cones = [ellipsoid(canvas, np.array([s * 0.22 * a, 0.50 * b, 0.72 * c]), radii, 2.0) for s in (-1, 1)]
    return np.maximum(np.maximum(np.minimum(cones[0], cones[1]), outer), -transition)


def paint_gland(gland: GlandAnatomy, canvas: Canvas, field: GlandField, tissues: TissueSet) -> None:
    """Capsule, peripheral zone, transition zone with nodules, central zone, stroma and urethra, from outside in."""
    canvas.fill(field.gland - np.float32(0.7), tissues[Tissue.CAPSULE])
    canvas.fill(field.gland, tissues[Tissue.PERIPHERAL])
    canvas.fill(field.transition - np.float32(0.6), tissues[Tissue.CAPSULE])
    canvas.fill(field.transition, tissues[Tissue.TRANSITION], edge_mm=1.5)
    for nodule in gland.nodules:
        _paint_nodule(nodule, canvas, field, tissues)
    canvas.fill(field.central, tissues[Tissue.CENTRAL], edge_mm=3.0)
    canvas.fill(field.stroma, tissues[Tissue.ANTERIOR_STROMA], edge_mm=3.0)
    if gland.resected:
        canvas.fill(field.urethra, tissues[Tissue.URINE])
    else:
        canvas.fill(field.urethra - np.float32(1.2), tissues[Tissue.STROMAL], edge_mm=2.0)
        canvas.fill(field.urethra, tissues[Tissue.URETHRA], edge_mm=1.5)


def _paint_nodule(nodule: Nodule, canvas: Canvas, field: GlandField, tissues: TissueSet) -> None:
    reach = nodule.radii + 4.0
    centre = (float(nodule.centre[0]), float(nodule.centre[1]), float(nodule.centre[2]))
    part, where = canvas.crop(centre, triple(reach))
    distance = ellipsoid(part, nodule.centre, nodule.radii, 2.0) + np.float32(0.5) * field.texture[2][where]
    within = field.gland if nodule.exophytic else field.transition
    distance = np.maximum(distance, within[where])
    shell = np.clip(1 - np.abs(distance) / np.float32(max(0.8, part.edge_mm)), 0, 1)
    part.fill(distance, nodule.tissue)
    part.blend(shell * np.float32(nodule.rim), part.contrast(tissues[Tissue.CAPSULE]))
