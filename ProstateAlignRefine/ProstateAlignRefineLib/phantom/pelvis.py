"""What lies around the prostate: drawn sizes and places of bladder, seminal vesicles, rectum, muscles, bone, veins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .gland import GlandAnatomy
from .tissue import Tissue

Vector = NDArray[np.float64]
Knots = tuple[tuple[float, float], ...]
_CONTENTS = (Tissue.STOOL, Tissue.GAS, Tissue.GEL, Tissue.MUCOSA)


@dataclass(frozen=True)
class Bladder:
    """An ellipsoid above the gland; centre, half-axes and thickness of the wall in mm from the gland's centre."""

    centre: Vector
    radii: Vector
    wall: float
    neck_mm: float
    """How far the detrusor fills the crease between bladder and gland."""


@dataclass(frozen=True)
class Rectum:
    """Centre line y(z) and radius(z) as knots; `content` fills the lumen but for `empty` of the radius.

    Gas fills the lumen in front of `gas_level` (-1: none, 1: all) of its depth.
    """

    x: float
    line: Knots
    radius: Knots
    flatness: float
    wall: float
    content: Tissue
    empty: float
    gas_level: float


@dataclass(frozen=True)
class Vesicles:
    """Of the left one, mirrored for the right: centre and half-axes in mm. `turn`: how far it goes back, a mm outwards;
    `skew`: by how many mm one lies higher, and the other lower."""

    centre: Vector
    radii: Vector
    turn: float
    skew: float


@dataclass(frozen=True)
class Muscles:
    """Obturator: distance of its middle from the midline, half thickness, half length. Levator: distance from the
    organs it holds as knots over z, half thickness as knots over z, and the front end y."""

    obturator: tuple[float, float, float]
    lean: float
    levator_gap: Knots
    levator_half: Knots
    levator_front: float


@dataclass(frozen=True)
class Blob:
    """A vessel or lymph node."""

    centre: Vector
    radii: Vector
    tissue: Tissue


@dataclass(frozen=True)
class Pelvis:
    """Everything around the gland, in mm from its centre (left, back, up)."""

    bladder: Bladder
    vesicles: Vesicles
    rectum: Rectum
    muscles: Muscles
    pubis: Vector
    pubis_gap: float
    plexus_mm: float
    plexus_share: float
    strands: float
    fascicles: float
    ragged_mm: float
    mottle: tuple[float, float]
    blobs: tuple[Blob, ...]


def draw_pelvis(rng: np.random.Generator, gland: GlandAnatomy) -> Pelvis:
    """Placed by the gland's half-axes; veins and lymph nodes, 10 to 30, lie anywhere around it."""
    b, c = float(gland.radii[1]), float(gland.radii[2])
    return Pelvis(
        bladder=_draw_bladder(rng, gland),
        vesicles=Vesicles(
            centre=np.array([rng.uniform(13, 18), 0.45 * b + rng.uniform(1, 6), 0.85 * c + rng.uniform(3, 9)]),
            radii=np.array([rng.uniform(14, 21), rng.uniform(3.5, 7.5), rng.uniform(7, 13)]),
            turn=float(rng.uniform(-0.3, 0.35)),
            skew=float(rng.normal(0, 1.5)),
        ),
        rectum=_draw_rectum(rng, gland),
        muscles=_draw_muscles(rng, gland),
        pubis=np.array([rng.uniform(18, 25), -b - rng.uniform(15, 22), -0.45 * c - rng.uniform(6, 20)]),
        pubis_gap=float(rng.uniform(2, 4.5)),
        plexus_mm=float(rng.uniform(2, 16)),
        plexus_share=float(rng.uniform(0.2, 1.0)),
        strands=float(rng.uniform(0.15, 0.7)),
        fascicles=float(rng.uniform(0.05, 0.45)),
        ragged_mm=float(rng.uniform(0.5, 2.0)),
        mottle=(float(rng.uniform(0.02, 0.14)), float(rng.uniform(0.02, 0.18))),
        blobs=tuple(_draw_blob(rng, b) for _ in range(int(rng.integers(10, 30)))),
    )


def _draw_bladder(rng: np.random.Generator, gland: GlandAnatomy) -> Bladder:
    """Above and in front of the gland; its floor lies between mid-gland and base."""
    b, c = float(gland.radii[1]), float(gland.radii[2])
    radii = np.array([rng.uniform(26, 48), rng.uniform(18, 36), rng.uniform(18, 42)])
    floor = rng.uniform(-0.1, 0.75) * c
    forward = -0.35 * b - rng.uniform(0.25, 0.75) * radii[1] * (1.3 - floor / c)
    centre = np.array([rng.normal(0, 3), forward, floor + radii[2]])
    return Bladder(centre, radii, float(rng.uniform(2.5, 8.0)), float(rng.uniform(4, 16)))


def _draw_rectum(rng: np.random.Generator, gland: GlandAnatomy) -> Rectum:
    b, c = float(gland.radii[1]), float(gland.radii[2])
    radius = float(np.clip(rng.gamma(9.0, 1.75), 9.5, 26.0))
    behind = 0.92 * b - 0.6 * gland.outline.indent * b + rng.uniform(0.5, 3.0)
    canal = rng.uniform(10.5, 14.0)
    line = (
        (-c - 25, 0.55 * behind + canal),
        (-c, 0.72 * behind + canal),
        (-0.3 * c, behind + radius),
        (c, behind + radius + rng.uniform(-2, 4)),
        (c + 40, behind + radius + rng.uniform(0, 14)),
    )
    sizes = (
        (-c - 25, canal), (-c - 2, canal), (-0.3 * c, radius), (c, radius), (c + 40, radius * rng.uniform(0.8, 1.2)),
    )  # fmt: skip
    content = _CONTENTS[rng.choice(len(_CONTENTS), p=(0.5, 0.15, 0.07, 0.28))]
    gas = float(rng.uniform(-0.9, 0.6)) if rng.random() < 0.4 else -1.0
    return Rectum(
        x=float(rng.normal(0, 2.5)),
        line=line,
        radius=sizes,
        flatness=float(rng.uniform(0.75, 1.2)),
        wall=float(rng.uniform(2.2, 4.5)),
        content=content,
        empty=float(rng.uniform(0.0, 0.7)),
        gas_level=gas if content != Tissue.MUCOSA else -1.0,
    )


def _draw_muscles(rng: np.random.Generator, gland: GlandAnatomy) -> Muscles:
    a, b, c = (float(r) for r in gland.radii)
    half = float(rng.uniform(5, 9))
    inner = max(a + rng.uniform(4, 10), 30.0 + rng.uniform(0, 6))
    low, middle = rng.uniform(0.5, 2.0), rng.uniform(1.5, 4.0)
    thick = rng.uniform(1.0, 2.2)
    return Muscles(
        obturator=(inner + half, half, float(rng.uniform(36, 50))),
        lean=float(rng.uniform(0.02, 0.2)),
        levator_gap=((-c - 15, low + 1.5), (-c, low + 1.5), (0.0, middle), (c, middle + 6), (c + 25, middle + 14)),
        levator_half=((-c - 15, 2.8 * thick), (-c, 2.2 * thick), (-0.3 * c, thick), (c, 0.8 * thick), (c + 12, 0.0)),
        levator_front=float(-rng.uniform(0.1, 0.8) * b),
    )


def _draw_blob(rng: np.random.Generator, b: float) -> Blob:
    """Along the pelvic wall, beside the gland where the neurovascular bundles run, and behind the symphysis."""
    if rng.random() < 0.3:
        front = np.array([rng.normal(0, 9), -b - rng.uniform(2, 14), rng.uniform(-20, 8)])
        return Blob(front, rng.uniform(0.8, 2.6) * np.array([rng.uniform(1, 3), 1, rng.uniform(1, 3)]), Tissue.VEIN)
    side = rng.choice([-1, 1])
    at = np.array([side * rng.uniform(26, 60), rng.uniform(-b - 35, b + 20), rng.uniform(-35, 45)])
    radii = rng.uniform(0.8, 3.5) * np.array([1, 1, rng.uniform(1, 4)])
    return Blob(at, radii, Tissue.VEIN if rng.random() < 0.75 else Tissue.NODE)
