"""The second family's lesions: clusters of overlapping balls, cut to a volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..canvas import Canvas
from ..fields import Floats
from ..gland import GlandField
from ..lesions import largest_piece
from ..tissue import Properties
from .solids import Vector


@dataclass(frozen=True)
class Cluster:
    """`level` below `threshold` is the lesion; balls [n, 3] mm about which it thickens."""

    balls: Vector
    radius: float
    peripheral: bool
    leak: float
    threshold: float
    tissue: Properties
    strength: float

    def level(self, canvas: Canvas, field: GlandField) -> Floats:
        """Minus the log density of the balls, raised outside the capsule and beyond the zone's border."""
        density = np.full_like(canvas.x, 1e-12)
        for ball in self.balls.astype(np.float32):
            square = (canvas.x - ball[0]) ** 2 + (canvas.y - ball[1]) ** 2 + (canvas.z - ball[2]) ** 2
            density += np.exp(-square / np.float32(0.72 * self.radius**2))
        border = -field.transition if self.peripheral else field.transition
        held = np.maximum(field.gland - np.float32(self.leak), 0) + np.float32(0.5) * np.maximum(border - 1, 0)
        level: Floats = -np.log(density) + held * np.float32(4.0 / self.radius)
        return level


def draw_clusters(rng: np.random.Generator, canvas: Canvas, field: GlandField) -> list[Cluster]:
    """None (40 %) to three lesions, measured on a canvas that covers the gland."""
    clusters: list[Cluster] = []
    taken = np.zeros(canvas.grid.shape, bool)
    for _ in range(int(rng.choice(4, p=(0.4, 0.38, 0.16, 0.06)))):
        volume = float(np.clip(np.exp(rng.normal(np.log(1.3), 1.15)), 0.12, 14.0))
        cluster = _draw_cluster(rng, volume, canvas, field, free=~taken)
        if cluster is not None:
            clusters.append(cluster)
            reach = cluster.level(canvas, field) < cluster.threshold + 2.0
            taken |= reach
    return clusters


def _draw_cluster(
    rng: np.random.Generator, volume: float, canvas: Canvas, field: GlandField, *, free: NDArray[np.bool_]
) -> Cluster | None:
    peripheral = bool(rng.random() < 0.5)
    radius = (volume * 750 / np.pi) ** (1 / 3)
    home = (field.transition > 1.5) if peripheral else (field.transition < -2.0)
    places = np.argwhere(home & (field.gland < -2.0) & free)
    if len(places) == 0:
        return None
    k, j, i = places[rng.integers(len(places))]
    centre = np.array([canvas.x[k, j, i], canvas.y[k, j, i], canvas.z[k, j, i]], float)
    balls = centre + np.vstack([np.zeros(3), rng.normal(0, 0.45 * radius, (int(rng.integers(1, 6)), 3))])
    tissue = Properties(float(rng.uniform(68, 105)), 0.92, float(rng.uniform(650, 1080)))
    leak = float(rng.choice([0.0, rng.uniform(0, 4)]))
    cluster = Cluster(balls, radius, peripheral, leak, 0.0, tissue, float(rng.uniform(0.6, 1.0)))
    level = cluster.level(canvas, field)
    level[~free] = np.inf
    count = min(max(round(volume / canvas.grid.voxel_ml), 8), level.size - 1)
    threshold = float(np.partition(level, count, axis=None)[count])
    return Cluster(balls, radius, peripheral, leak, threshold, tissue, cluster.strength)


def label_clusters(
    clusters: Sequence[Cluster], canvas: Canvas, field: GlandField
) -> tuple[list[Cluster], NDArray[np.uint8]]:
    """Instance labels on a crop about the gland, and the clusters seen there in that order."""
    labels = np.zeros(canvas.grid.shape, np.uint8)
    seen: list[Cluster] = []
    for cluster in clusters:
        inside = (cluster.level(canvas, field) < cluster.threshold) & (labels == 0)
        if inside.any():
            seen.append(cluster)
            labels[largest_piece(inside)] = len(seen)
    return seen, labels


def paint_cluster(cluster: Cluster, canvas: Canvas, field: GlandField) -> None:
    """Blend a lesion in: its core is full, its rim fades."""
    weight = np.clip(np.float32(0.5) + (np.float32(cluster.threshold) - cluster.level(canvas, field)) * 2, 0, 1)
    canvas.blend(weight * np.float32(cluster.strength), canvas.contrast(cluster.tissue))
