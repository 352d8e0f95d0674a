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
class Frame:
    """The anatomy's axes in LPS: origin in the gland's centre, x to the patient's left, y posterior, z cranial (mm).

    `rotation` [3, 3] has the axes as columns.
    """

    centre: NDArray[np.float64]
    rotation: NDArray[np.float64]

    def to_lps(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Anatomy millimetres [..., 3] to LPS."""
        return points @ self.rotation.T + self.centre

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
    """Independent unit-variance smooth noise fields in a cube of the anatomy's frame."""

    lattice: sitk.Image

    @classmethod
    def draw(
        cls, rng: np.random.Generator, frame: Frame, half_mm: float, correlations_mm: tuple[float, ...]
    ) -> NoiseBox:
        """Fields that vary over `correlations_mm` each, zero beyond `half_mm` from the gland's centre."""
        step = min(correlations_mm) / 2.5
        n = int(np.ceil(2 * half_mm / step)) + 1
        fields = [_smooth_white(rng, (n, n, n), 0.5 * width / step) for width in correlations_mm]
        lattice = sitk.Compose([sitk.GetImageFromArray(f) for f in fields])
        lattice.SetSpacing((step,) * 3)
        lattice.SetDirection(tuple(frame.rotation.ravel()))
        lattice.SetOrigin(tuple(frame.to_lps(np.full(3, -step * (n - 1) / 2))))
        return cls(lattice)

    def on(self, grid: Grid) -> Floats:
        """[count, z, y, x]."""
        image = sitk.Resample(self.lattice, grid.empty(), sitk.Transform(), sitk.sitkLinear, 0.0)
        return np.ascontiguousarray(np.moveaxis(sitk.GetArrayViewFromImage(image), -1, 0))


def smooth_noise(rng: np.random.Generator, grid: Grid, sigma_mm: Triple) -> Floats:
    """Unit-variance noise [z, y, x] made on the grid, smoothed by `sigma_mm` (x, y, z) where that exceeds 0.4 voxels."""
    return _smooth_white(rng, grid.shape, tuple(s / d for s, d in zip(sigma_mm, grid.spacing, strict=True)))


def _smooth_white(rng: np.random.Generator, shape: tuple[int, ...], sigma: float | tuple[float, ...]) -> Floats:
    image = sitk.GetImageFromArray(rng.standard_normal(shape, dtype=np.float32))
    for axis, width in enumerate(sigma if isinstance(sigma, tuple) else (sigma,) * len(shape)):
        if width > 0.4 and image.GetSize()[axis] >= 4:
            image = sitk.RecursiveGaussian(image, width, False, sitk.RecursiveGaussianImageFilter.ZeroOrder, axis)
    field: Floats = sitk.GetArrayFromImage(image)
    return field / np.float32(max(float(field.std()), 1e-6))
