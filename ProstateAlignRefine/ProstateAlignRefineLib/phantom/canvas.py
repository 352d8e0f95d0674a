"""A grid under paint: the anatomy's coordinates, the maps that tissues are painted into, and noise fields."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..core.geometry import Grid
from .fields import AnatomyFrame, Floats, NoiseBox, Triple
from .tissue import Contrast, Properties, Values


@dataclass(frozen=True)
class Deformation:
    """How the ideal shapes bend: a coarse field over the pelvis and a fine one about the gland."""

    coarse: NoiseBox
    fine: NoiseBox
    coarse_mm: float
    fine_mm: float


@dataclass(frozen=True)
class Effect:
    """Factors on the T2W signal, on the diffusion signal at b = 0 and on ADC."""

    t2w: float
    s0: float
    adc: float


@dataclass(frozen=True)
class Canvas:
    """Maps on a grid ([z, y, x], painted in place); a crop shares its memory.

    x, y, z are the anatomy's coordinates (mm) after deformation. `edge_mm` is the width over which a voxel mixes two
    tissues.
    """

    grid: Grid
    frame: AnatomyFrame
    x: Floats
    y: Floats
    z: Floats
    maps: tuple[Floats, ...]
    contrast: Contrast
    edge_mm: float

    def crop(self, centre: Triple, half_mm: Triple) -> tuple[Canvas, tuple[slice, slice, slice]]:
        """The voxels in a box of the anatomy's frame, and where they are."""
        where = box_slices(self.grid, self.frame, centre, half_mm)
        z, y, x = where
        size = (x.stop - x.start, y.stop - y.start, z.stop - z.start)
        left, back, up = (float(v) for v in self.grid.to_lps(np.asarray((x.start, y.start, z.start))))
        grid = Grid(size, self.grid.spacing, (left, back, up), self.grid.direction)
        maps = tuple(m[where] for m in self.maps)
        part = Canvas(grid, self.frame, self.x[where], self.y[where], self.z[where], maps, self.contrast, self.edge_mm)
        return part, where

    def coverage(self, distance: Floats, edge_mm: float | None = None) -> Floats:
        """Share of each voxel inside the surface of this signed distance (mm, negative inside)."""
        share: Floats = np.clip(np.float32(0.5) - distance / np.float32(edge_mm or self.edge_mm), 0.0, 1.0)
        return share

    def fill(self, distance: Floats, tissue: Properties, edge_mm: float | None = None) -> None:
        """Paint what lies inside the surface."""
        self.blend(self.coverage(distance, edge_mm), self.contrast(tissue))

    def blend(self, weight: Floats, values: Values) -> None:
        """Move every map towards `values` by `weight` (0 to 1)."""
        for target, value in zip(self.maps, values, strict=True):
            target[...] += weight * (np.float32(value) - target)

    def scale(self, weight: Floats, effect: Effect) -> None:
        """Change what is there by `effect` where `weight` is 1, not at all where it is 0."""
        if len(self.maps) == 1:
            self.maps[0][...] *= 1 + weight * np.float32(effect.t2w - 1)
            return
        s0 = 1 + weight * np.float32(effect.s0 - 1)
        self.maps[0][...] *= s0
        self.maps[1][...] *= s0 * (1 + weight * np.float32(effect.adc - 1))


def box_slices(grid: Grid, frame: AnatomyFrame, centre: Triple, half_mm: Triple) -> tuple[slice, slice, slice]:
    """[z, y, x] slices of `grid` that hold a box of the anatomy's frame; at least one voxel wide."""
    corners = np.array(list(product(*[(c - h, c + h) for c, h in zip(centre, half_mm, strict=True)])))
    index = grid.to_index(frame.to_lps(corners))
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.asarray(grid.size) - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, low + 1, grid.size)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return z, y, x


def plain_canvas(grid: Grid, frame: AnatomyFrame, contrast: Contrast, maps: int) -> Canvas:
    """An unpainted, undeformed canvas over `grid`."""
    x, y, z = frame.coordinates(grid)
    edge = float(np.mean(grid.spacing[:2])) * 1.1 + 0.25
    empty = tuple(np.zeros(grid.shape, np.float32) for _ in range(maps))
    return Canvas(grid, frame, x, y, z, empty, contrast, edge)


def blank_canvas(grid: Grid, frame: AnatomyFrame, deformation: Deformation, contrast: Contrast, maps: int) -> Canvas:
    """An unpainted canvas over `grid`, bent."""
    canvas = plain_canvas(grid, frame, contrast, maps)
    for points, bend in zip((canvas.x, canvas.y, canvas.z), deformation.coarse.on(grid)[:3], strict=True):
        points[...] += np.float32(deformation.coarse_mm) * bend
    near, _ = canvas.crop((0.0, 0.0, 0.0), (60.0, 60.0, 60.0))
    for points, bend in zip((near.x, near.y, near.z), deformation.fine.on(near.grid)[:3], strict=True):
        points[...] += np.float32(deformation.fine_mm) * bend
    return canvas
