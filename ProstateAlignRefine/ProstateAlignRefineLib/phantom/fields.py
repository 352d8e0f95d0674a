"""Continuous space: the anatomy's frame, its coordinates on a grid, and smooth random fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.geometry import Grid

Floats = NDArray[np.float32]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class AnatomyFrame:
    """The anatomy's axes in LPS: origin in the gland's centre, x to the patient's left, y posterior, z cranial (mm).

    `rotation` [3, 3] has the axes as columns.
    """

    centre: NDArray[np.float64]
    rotation: NDArray[np.float64]

    def to_lps(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Anatomy millimetres [..., 3] to LPS."""
        moved: NDArray[np.float64] = points @ self.rotation.T + self.centre
        return moved

    def coordinates(self, grid: Grid) -> list[Floats]:
        """x, y and z of every voxel of `grid` in the anatomy's frame, each [z, y, x]."""
        steps = self.rotation.T @ (grid.axes * np.asarray(grid.spacing))
        start = self.rotation.T @ (np.asarray(grid.origin) - self.centre)
        k, j, i = np.ogrid[: grid.size[2], : grid.size[1], : grid.size[0]]
        i, j, k = (axis.astype(np.float32) for axis in (i, j, k))
        return [np.float32(s[0]) * i + np.float32(s[1]) * j + np.float32(s[2]) * k + np.float32(o)
                for s, o in zip(steps, start, strict=True)]  # fmt: skip


def rotation_matrix(degrees: Triple) -> NDArray[np.float64]:
    """[3, 3]: turns about x, then y, then z."""
    turned = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        c, s = np.cos(angle), np.sin(angle)
        p, q = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[p, p], turn[q, q] = c, c
        turn[p, q], turn[q, p] = (-s, s) if axis != 1 else (s, -s)
        turned = turn @ turned
    return turned


@dataclass(frozen=True)
class NoiseBox:
    """Independent unit-variance smooth noise fields in a cube of the anatomy's frame; the finest varies over
    `finest_mm`."""

    lattice: sitk.Image
    finest_mm: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, frame: AnatomyFrame, half_mm: float, correlations_mm: tuple[float, ...]
    ) -> NoiseBox:
        """Fields that vary over `correlations_mm` each, zero beyond `half_mm` from the gland's centre."""
        step = min(correlations_mm) / 2.5
        n = int(np.ceil(2 * half_mm / step)) + 1
        fields = [_smooth_white(rng, (n,) * 3, (0.5 * width / step,) * 3) for width in correlations_mm]
        lattice = sitk.Compose([sitk.GetImageFromArray(f) for f in fields])
        lattice.SetSpacing((step,) * 3)
        lattice.SetDirection(tuple(frame.rotation.ravel()))
        lattice.SetOrigin(tuple(frame.to_lps(np.full(3, -step * (n - 1) / 2))))
        return cls(lattice, min(correlations_mm))

    def on(self, grid: Grid) -> Floats:
        """[count, z, y, x]."""
        coarse, strides = _thinned(grid, self.finest_mm / 3.5)
        image = sitk.Resample(self.lattice, coarse.empty(), sitk.Transform(), sitk.sitkLinear, 0.0)
        fields = np.ascontiguousarray(np.moveaxis(sitk.GetArrayViewFromImage(image), -1, 0))
        return _thickened(fields, strides, grid)


def smooth_noise(rng: np.random.Generator, grid: Grid, sigma_mm: float) -> Floats:
    """Unit-variance noise [z, y, x] on the grid itself under a Gaussian of `sigma_mm`, white where that is too fine."""
    x, y, z = grid.spacing
    return _smooth_white(rng, grid.shape, (sigma_mm / z, sigma_mm / y, sigma_mm / x))


def _thinned(grid: Grid, step_mm: float) -> tuple[Grid, tuple[int, int]]:
    """The grid with every n-th column and row, about `step_mm` apart, reaching its far edge; and those n (x, y)."""
    strides = [max(int(step_mm / s), 1) for s in grid.spacing[:2]]
    size = [-(-(n - 1) // k) + 1 for n, k in zip(grid.size[:2], strides, strict=True)]
    x, y, z = grid.spacing
    spacing = (x * strides[0], y * strides[1], z)
    return Grid((size[0], size[1], grid.size[2]), spacing, grid.origin, grid.direction), (strides[0], strides[1])


def _thickened(field: Floats, strides: tuple[int, int], grid: Grid) -> Floats:
    """Linear interpolation in plane of a field [..., z, y, x] on the thinned grid back to `grid`."""
    if strides == (1, 1):
        return field
    across = _interpolation(field.shape[-1], strides[0], grid.size[0])
    down = _interpolation(field.shape[-2], strides[1], grid.size[1])
    thick: Floats = np.matmul(down.T, np.matmul(field, across))
    return thick


def _interpolation(knots: int, stride: int, size: int) -> Floats:
    """[knots, size] weights of linear interpolation."""
    at = np.arange(size) / stride
    weights: Floats = np.clip(1 - np.abs(at[None, :] - np.arange(knots)[:, None]), 0, 1).astype(np.float32)
    return weights


def _smooth_white(rng: np.random.Generator, shape: tuple[int, ...], sigma: tuple[float, ...]) -> Floats:
    """Unit-variance noise [z, y, x] under a Gaussian of `sigma` voxels along each axis; below 0.4 voxels none.

    White noise on knots about a sigma apart, spread by Gaussians: a few small matrix products, whatever the sigma.
    """
    spreads = [_spread(n, s) for n, s in zip(shape, sigma, strict=True)]
    knots = tuple(n if m is None else m.shape[1] for n, m in zip(shape, spreads, strict=True))
    field: Floats = rng.standard_normal(knots, dtype=np.float32)
    if spreads[0] is not None:
        field = np.matmul(spreads[0], field.reshape(knots[0], -1)).reshape(shape[0], *knots[1:])
    if spreads[1] is not None:
        field = np.matmul(spreads[1], field)
    if spreads[2] is not None:
        field = np.matmul(field, spreads[2].T)
    scaled: Floats = field / np.float32(max(float(np.sqrt(np.mean(np.square(field)))), 1e-6))
    return scaled


def _spread(size: int, sigma: float) -> Floats | None:
    """[size, knots] Gaussian weights of knots 0.9 sigma (at least a voxel) apart that reach beyond both ends."""
    if sigma < 0.4:
        return None
    step = max(0.9 * sigma, 1.0)
    at = np.arange(-3 * sigma, size - 1 + 3 * sigma + step, step)
    weights = np.exp(-0.5 * ((np.arange(size)[:, None] - at[None, :]) / sigma) ** 2)
    spread: Floats = (weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))).astype(np.float32)
    return spread
