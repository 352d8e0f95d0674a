"""Solids of the second family: star-shaped bodies, capsules, tubes and chains of beads (mm, negative inside)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..canvas import Canvas
from ..fields import Floats

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Star:
    """A body whose log radius is a cubic polynomial of the direction (u left, v back, w up) from its centre.

    `weights`: u2, v2, w2, uv, vw, uw, v3, w3, u2v, v2w, uvw.
    """

    centre: Vector
    weights: Vector

    def distance(self, canvas: Canvas) -> Floats:
        """Signed, along the ray from the centre (mm), negative inside."""
        x, y, z = (p - np.float32(c) for p, c in zip((canvas.x, canvas.y, canvas.z), self.centre, strict=True))
        r = np.sqrt(x * x + y * y + z * z) + np.float32(1e-3)
        distance: Floats = r - np.exp(self._log_radius(x / r, y / r, z / r))
        return distance

    def scaled_to(self, volume_ml: float) -> Star:
        """The same shape with this volume."""
        k = np.arange(2000) + 0.5
        w = 1 - k / 1000
        turn = np.pi * (1 + 5**0.5) * k
        flat = np.sqrt(1 - w * w)
        logs = self._log_radius(*(p.astype(np.float32) for p in (flat * np.cos(turn), flat * np.sin(turn), w)))
        measured = float(np.exp(3 * logs).mean()) * 4 / 3 * np.pi / 1000
        weights = self.weights.copy()
        weights[:3] += np.log(volume_ml / measured) / 3
        return Star(self.centre, weights)

    def _log_radius(self, u: Floats, v: Floats, w: Floats) -> Floats:
        c = self.weights.astype(np.float32)
        square = u * (c[0] * u + c[3] * v + c[5] * w) + v * (c[1] * v + c[4] * w) + w * c[2] * w
        cube = c[6] * v**3 + c[7] * w**3 + c[8] * u * u * v + c[9] * v * v * w + c[10] * u * v * w
        log_radius: Floats = square + cube
        return log_radius


def capsule(canvas: Canvas, start: Vector, end: Vector, radius: float) -> Floats:
    """Distance to a thick line, the same on both sides of the midline (`start` and `end` on the left)."""
    axis = (end - start).astype(np.float32)
    x, y, z = np.abs(canvas.x) - np.float32(start[0]), canvas.y - np.float32(start[1]), canvas.z - np.float32(start[2])
    along = np.clip((x * axis[0] + y * axis[1] + z * axis[2]) / np.float32(axis @ axis), 0, 1)
    distance: Floats = np.sqrt(
        (x - along * axis[0]) ** 2 + (y - along * axis[1]) ** 2 + (z - along * axis[2]) ** 2
    ) - np.float32(radius)
    return distance


def beads(canvas: Canvas, centres: Sequence[Vector], radii: Sequence[float]) -> Floats:
    """The union of balls."""
    nearest = np.full_like(canvas.x, 1e3)
    for centre, radius in zip(centres, radii, strict=True):
        x, y, z = (p - np.float32(c) for p, c in zip((canvas.x, canvas.y, canvas.z), centre, strict=True))
        np.minimum(nearest, np.sqrt(x * x + y * y + z * z) - np.float32(radius), out=nearest)
    return nearest


@dataclass(frozen=True)
class Waves:
    """Smooth uneven fields: plane waves whose phases wander with slower waves.

    `vectors` [n, 3] (radians per mm), `phases` [n]; the first two are the slow ones.
    """

    vectors: Vector
    phases: Vector

    @classmethod
    def draw(cls, rng: np.random.Generator, length_mm: float, count: int = 6) -> Waves:
        """Of wavelengths around `length_mm`; the slow ones are 2.5 times as long."""
        directions = rng.normal(size=(count + 2, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = length_mm * np.exp(rng.normal(0, 0.35, (count + 2, 1)))
        lengths[:2] *= 2.5
        return cls(directions * 2 * np.pi / lengths, rng.uniform(0, 2 * np.pi, count + 2))

    def at(self, canvas: Canvas) -> Floats:
        """About unit variance."""
        wander = [np.float32(2.5) * self._wave(n, canvas, np.float32(0)) for n in (0, 1)]
        total = np.zeros_like(canvas.x)
        for n in range(2, len(self.phases)):
            total += self._wave(n, canvas, wander[n % 2])
        waves: Floats = total * np.float32(np.sqrt(2 / (len(self.phases) - 2)))
        return waves

    def _wave(self, n: int, canvas: Canvas, wander: Floats | np.float32) -> Floats:
        a, b, c = self.vectors[n].astype(np.float32)
        wave: Floats = np.sin(a * canvas.x + b * canvas.y + c * canvas.z + np.float32(self.phases[n]) + wander)
        return wave
