"""The gland's size, and its own coordinates: how far from its mid-plane, how high, how far back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import pi

import numpy as np
from numpy.typing import NDArray

from .anatomy import GlandZone, plausible_gland
from .geometry import Grid, triple

HEIGHT_PERCENTILES = (1.0, 99.0)  # a few voxels in a further slice make no base or apex


@dataclass(frozen=True)
class GlandPosition:
    """A point in the gland.

    `left_mm`: signed distance from the gland's mid-plane. `lateral`: the same, unsigned, as a share of the gland's
    half-width at that height. `height`: 0 at the apex, 1 at the base. `behind_gland_mm`, `behind_transition_mm`: how
    far behind the middle of the gland's, and of the transition zone's, depth at that height.
    """

    left_mm: float
    lateral: float
    height: float
    behind_gland_mm: float
    behind_transition_mm: float


@dataclass(frozen=True, eq=False)
class Gland:
    """The prostate as the zones show it.

    `volume_ml`: planimetric, the sum of its voxels. `size_mm`: the axes of the ellipsoid with the same second moments,
    none longer than the gland along it: the one that runs most right-left, front-back and feet-head. A spur or a tilt
    lengthens the sides of a box, and these hardly.

    `axes` [3, 3]: unit vectors to the left, the back and the head, the grid's own axes (rows, LPS); coordinates l, p, s
    in mm lie along them. The mid-plane is l = a + b p + c s with `midplane` = (a, b, c), fitted to the midpoints
    between the right and left border of each row. Of each slice: `heights` (s), `half_widths`, `middles` and
    `transition_middles` (p; the gland's where the slice has no transition zone).
    """

    volume_ml: float
    size_mm: tuple[float, float, float]
    axes: NDArray[np.float64]
    midplane: NDArray[np.float64]
    ends: tuple[float, float]
    heights: NDArray[np.float64]
    half_widths: NDArray[np.float64]
    middles: NDArray[np.float64]
    transition_middles: NDArray[np.float64]

    @property
    def ellipsoid_ml(self) -> float:
        """Volume by the ellipsoid formula, pi / 6 times the three axes (PI-RADS v2.1)."""
        across, depth, height = self.size_mm
        return pi / 6 * across * depth * height / 1000

    def position(self, lps: tuple[float, float, float]) -> GlandPosition:
        """Of a point in LPS mm, which may lie outside the gland."""
        left, back, up = (float(value) for value in self.axes @ np.asarray(lps))
        a, b, c = self.midplane
        offset = float((left - a - b * back - c * up) / np.sqrt(1 + b * b + c * c))
        nearest = int(np.abs(self.heights - up).argmin())
        low, high = self.ends
        return GlandPosition(
            left_mm=offset,
            lateral=abs(offset) / float(self.half_widths[nearest]),
            height=(up - low) / max(high - low, 1e-6),
            behind_gland_mm=back - float(self.middles[nearest]),
            behind_transition_mm=back - float(self.transition_middles[nearest]),
        )


def measure_gland(zones: NDArray[np.uint8], grid: Grid) -> Gland | None:
    """Of zones [Z, Y, X] on the whole T2W grid; None where they hold no plausible gland."""
    gland = plausible_gland(zones, grid)
    if gland is None:
        return None
    order, axes = body_axes(grid)
    index = np.argwhere(gland)
    points = grid.to_lps(index[:, ::-1]) @ axes.T
    steps = np.asarray(grid.spacing_zyx)[list(order)]
    low, high = np.percentile(points[:, 2], HEIGHT_PERCENTILES)
    transition = zones[tuple(index.T)] == GlandZone.TRANSITION
    slices = index[:, order[2]]
    heights, half_widths, middles, transition_middles = _sections(points, slices, transition, float(steps[0]))
    return Gland(
        volume_ml=len(index) * grid.voxel_ml,
        size_mm=_ellipsoid_axes(points, steps),
        axes=axes,
        midplane=_midplane(points, index, order),
        ends=(float(low), float(high)),
        heights=heights,
        half_widths=half_widths,
        middles=middles,
        transition_middles=transition_middles,
    )


def body_axes(grid: Grid) -> tuple[tuple[int, int, int], NDArray[np.float64]]:
    """Which array axis (of z, y, x) runs right-left, front-back and feet-head, and the unit vectors (rows, LPS) that
    point along them to the left, the back and the head: however the voxels are stored."""
    columns = grid.axes
    up = int(np.abs(columns[2]).argmax())
    left = max((axis for axis in range(3) if axis != up), key=lambda axis: abs(columns[0, axis]))
    back = 3 - up - left
    vectors = [columns[:, axis] * np.sign(columns[row, axis] or 1.0) for row, axis in enumerate((left, back, up))]
    return (2 - left, 2 - back, 2 - up), np.stack(vectors)


def _ellipsoid_axes(points: NDArray[np.float64], steps: NDArray[np.float64]) -> tuple[float, float, float]:
    """Full lengths, mm, of the axes of the ellipsoid whose second moments are those of voxels with these centres [n, 3]
    and sides, none longer than the voxels reach along it, in the order of the coordinates that they run along."""
    moments = np.cov(points, rowvar=False, bias=True) + np.diag(steps**2 / 12)
    variances, directions = np.linalg.eigh(moments)
    along = np.abs(directions)
    order = max(permutations(range(3)), key=lambda axes: sum(along[row, axis] for row, axis in enumerate(axes)))
    reach = np.ptp(points @ directions, axis=0) + steps @ along
    return triple(np.minimum(2 * np.sqrt(5 * variances), reach)[list(order)])


def _midplane(
    points: NDArray[np.float64], index: NDArray[np.int64], order: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Least squares over all rows of the gland, each weighing as much as it has voxels."""
    rows = index[:, order[1]] * (index[:, order[2]].max() + 1) + index[:, order[2]]
    _, first, row, count = np.unique(rows, return_index=True, return_inverse=True, return_counts=True)
    right, left = np.full(len(first), np.inf), np.full(len(first), -np.inf)
    np.minimum.at(right, row, points[:, 0])
    np.maximum.at(left, row, points[:, 0])
    weight = np.sqrt(count)
    terms = np.column_stack([np.ones(len(first)), points[first, 1], points[first, 2]])
    plane, *_ = np.linalg.lstsq(terms * weight[:, None], (right + left) / 2 * weight, rcond=None)
    return np.asarray(plane)


def _sections(
    points: NDArray[np.float64], slices: NDArray[np.int64], transition: NDArray[np.bool_], step: float
) -> NDArray[np.float64]:
    """[4, n]: height, half-width, middle of the gland's depth and of the transition zone's, of each slice."""
    rows = []
    for number in np.unique(slices):
        part = slices == number
        across, depth, height = points[part].T
        inner = points[part & transition, 1]
        middle = (depth.min() + depth.max()) / 2
        inner_middle = (inner.min() + inner.max()) / 2 if inner.size else middle
        rows.append((height[0], (np.ptp(across) + step) / 2, middle, inner_middle))
    sections: NDArray[np.float64] = np.array(rows).T
    return sections
