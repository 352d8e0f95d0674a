"""Volumes in axial LPS order, however they are stored: axes swapped and turned round, voxels never resampled."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .geometry import GRID_TOLERANCE_MM, Array, Grid, to_array, to_image, triple

_DECIMALS = 4  # what files round differently must not decide between axes that are equally good


@dataclass(frozen=True)
class Order:
    """Another order of a volume's axes (x, y, z): the n-th is the old `axes[n]`, run backwards where `flips[n]`."""

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @property
    def is_same(self) -> bool:
        """Whether it changes nothing."""
        return self.axes == (0, 1, 2) and not any(self.flips)

    @property
    def signs(self) -> NDArray[np.float64]:
        """-1 for each new axis (x, y, z) that runs backwards, else 1."""
        return np.where(self.flips, -1.0, 1.0)

    def of_grid(self, grid: Grid) -> Grid:
        """The same voxels at the same places."""
        first = np.zeros(3)
        first[list(self.axes)] = np.where(self.flips, np.asarray(grid.size)[list(self.axes)] - 1, 0)
        origin = triple(grid.to_lps(first)) if any(self.flips) else grid.origin
        axes = grid.axes[:, self.axes] * self.signs
        a, b, c = self.axes
        return Grid(
            (grid.size[a], grid.size[b], grid.size[c]),
            (grid.spacing[a], grid.spacing[b], grid.spacing[c]),
            origin,
            tuple(float(value) for value in axes.ravel()),
        )

    def of_array(self, array: Array) -> Array:
        """[z, y, x], a view."""
        turned = array.transpose([2 - axis for axis in reversed(self.axes)])
        ordered: Array = turned[tuple(slice(None, None, -1 if flip else 1) for flip in reversed(self.flips))]
        return ordered

    def of_image(self, image: sitk.Image) -> sitk.Image:
        """The same voxels at the same places, copied unless nothing changes."""
        if self.is_same:
            return image
        return to_image(np.ascontiguousarray(self.of_array(to_array(image))), self.of_grid(Grid.of(image)))


ORDERS = tuple(
    Order((a, b, c), (d, e, f))
    for (a, b, c), (d, e, f) in product(permutations(range(3)), product((False, True), repeat=3))
)
"""All 48."""


def axial_order(grid: Grid) -> Order:
    """The right-handed order whose third axis points to the head and whose first points to the left, as far as any
    does. Where two axes do so alike, the wider spacing is the slices'. The same for every storage of one volume."""

    axes = grid.axes
    rounded = np.round(axes, _DECIMALS)
    steps = np.round(grid.spacing, _DECIMALS)

    def merit(order: Order) -> tuple[float, ...]:
        turned = rounded[:, order.axes] * order.signs
        return (turned[2, 2], float(steps[order.axes[2]]), turned[0, 0], *turned.ravel())

    right_handed = (order for order in ORDERS if np.linalg.det(axes[:, order.axes] * order.signs) > 0)
    return max(right_handed, key=merit)


def order_between(grid: Grid, target: Grid, tolerance_mm: float = GRID_TOLERANCE_MM) -> Order | None:
    """The order that puts the voxels of `grid` on those of `target`; None where they lie elsewhere."""
    likeness = target.axes.T @ grid.axes
    a, b, c = (int(axis) for axis in np.abs(likeness).argmax(axis=1))
    if {a, b, c} != {0, 1, 2}:
        return None
    d, e, f = (bool(likeness[row, axis] < 0) for row, axis in enumerate((a, b, c)))
    order = Order((a, b, c), (d, e, f))
    return order if order.of_grid(grid).matches(target, tolerance_mm) else None


def laid_on(array: Array, grid: Grid, target: Grid) -> Array:
    """`array` [z, y, x] of `grid` in the order of `target`. ValueError where their voxels lie elsewhere."""
    order = order_between(grid, target)
    if order is None:
        raise ValueError("the two grids do not hold the same voxels")
    return array if order.is_same else np.ascontiguousarray(order.of_array(array))
