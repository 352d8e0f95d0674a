"""What looks like cancer and is none: prostatitis, haemorrhage, and the uneven texture of every gland."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Effect
from .fields import Floats, smooth_noise
from .gland import GlandAnatomy, GlandField, urethra_line


@dataclass(frozen=True)
class Wedge:
    """A sector of the peripheral zone that points to the urethra; angles in radians from the left, towards the back."""

    angle: float
    half_width: float
    height: float
    half_height: float
    effect: Effect


@dataclass(frozen=True)
class PatchyChange:
    """Patchy change of the peripheral zone where noise exceeds `level`."""

    level: float
    effect: Effect


@dataclass(frozen=True)
class Mimics:
    """What looks like a lesion and is none: wedges and patches of the peripheral zone, and uneven tissue."""

    wedges: tuple[Wedge, ...]
    patches: tuple[PatchyChange, ...]
    grain: tuple[float, float, float]
    """Relative spread of T2W signal and of ADC inside the gland, and the share of the finest structure."""


def draw_mimics(rng: np.random.Generator, gland: GlandAnatomy) -> Mimics:
    """Half of the glands have no wedge, a tenth has three."""
    c = gland.radii[2]
    wedges = []
    for _ in range(int(rng.choice(4, p=[0.5, 0.25, 0.15, 0.10]))):
        effect = Effect(rng.uniform(0.4, 0.8), rng.uniform(0.8, 1.0), rng.uniform(0.75, 0.97))
        wedges.append(
            Wedge(
                angle=float(rng.uniform(-0.3, np.pi + 0.3)),
                half_width=float(rng.uniform(0.1, 0.4)),
                height=float(rng.uniform(-0.6, 0.5) * c),
                half_height=float(rng.uniform(3.0, 12.0)),
                effect=effect,
            )
        )
    patches = []
    if rng.random() < 0.55:
        effect = Effect(rng.uniform(0.4, 0.85), rng.uniform(0.75, 0.95), rng.uniform(0.70, 0.95))
        patches.append(PatchyChange(float(rng.normal(0.0, 0.8)), effect))
    if rng.random() < 0.15:
        patches.append(
            PatchyChange(float(rng.uniform(0.8, 1.6)), Effect(rng.uniform(0.4, 1.3), 0.7, rng.uniform(0.75, 0.95)))
        )
    return Mimics(
        tuple(wedges),
        tuple(patches),
        (float(rng.uniform(0.10, 0.45)), float(rng.uniform(0.04, 0.15)), float(rng.uniform(0.5, 1.6))),
    )


def paint_mimics(mimics: Mimics, gland: GlandAnatomy, canvas: Canvas, field: GlandField) -> None:
    """Change the peripheral zone on a crop about the gland."""
    peripheral = canvas.coverage(np.maximum(field.gland + np.float32(0.5), -field.transition), 1.5)
    for number, patch in enumerate(mimics.patches):
        noise = field.texture[3 + number % 2]
        canvas.scale(peripheral * np.clip((noise - np.float32(patch.level)) * 2, 0, 1), patch.effect)
    for wedge in mimics.wedges:
        canvas.scale(peripheral * _wedge_weight(wedge, gland, canvas, field), wedge.effect)


def _wedge_weight(wedge: Wedge, gland: GlandAnatomy, canvas: Canvas, field: GlandField) -> Floats:
    x, y = urethra_line(gland, canvas.z)
    dx, dy = canvas.x - x, canvas.y - y
    ray = (np.cos(wedge.angle), np.sin(wedge.angle))
    ahead = dx * np.float32(ray[0]) + dy * np.float32(ray[1])
    across = np.abs(dx * np.float32(ray[1]) - dy * np.float32(ray[0]))
    sector = across - np.float32(np.tan(wedge.half_width)) * ahead + np.float32(0.8) * field.texture[1]
    band = np.abs(canvas.z - np.float32(wedge.height)) - np.float32(wedge.half_height)
    weight: Floats = canvas.coverage(sector, 2.5) * canvas.coverage(band, 4.0) * (ahead > 0)
    return weight


def paint_grain(mimics: Mimics, canvas: Canvas, field: GlandField, rng: np.random.Generator) -> None:
    """Uneven signal inside the gland: ducts and septa in T2W, and ADC that follows them."""
    weight = canvas.coverage(field.gland, 1.5)
    noise = np.float32(0.6) * field.texture[0] + np.float32(0.5) * field.texture[1] + np.float32(0.4) * field.texture[3]
    t2w, adc, fine = (np.float32(g) for g in mimics.grain)
    if len(canvas.maps) == 1:
        noise += fine * smooth_noise(rng, canvas.grid, 0.9)
        canvas.maps[0][...] *= np.clip(1 + weight * t2w * noise, 0.3, 2.0)
        return
    s0 = np.clip(1 + weight * np.float32(1.7) * adc * noise, 0.4, 1.8)
    canvas.maps[0][...] *= s0
    canvas.maps[1][...] *= s0 * np.clip(1 + weight * adc * noise, 0.5, 1.6)
