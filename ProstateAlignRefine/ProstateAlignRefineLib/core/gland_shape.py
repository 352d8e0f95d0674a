"""A gland's outline as one smooth body without spurs or islands, and zones that fill a given outline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import GlandZone, plausible_gland
from .boxes import Box, box_around, box_of, crop_grid
from .geometry import Grid, distance_mm, resample, to_array, to_image, triple

Points = NDArray[np.float64]

DEGREE = 3
"""Of the polynomial in the direction that the logarithm of the radius is: bends as large as a lobe, no spur."""
RESIDUAL = 0.18
"""Log radii this far off the fit count for nothing (Tukey's biweight): a spur does not pull the outline after it."""
RAYS, STEP_MM, REACH_MM = 600, 0.5, 90.0
FITS, CENTRINGS = 4, 2
COARSE_MM, FARTHEST = 1.5, 2.0
LARGEST_CHANGE = 0.25
"""Share of the gland that the smooth body may leave out or add; beyond it the piece is no star-shaped body."""


def shaped_zones(zones: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """Zones [Z, Y, X] whose gland is the smooth body of its largest piece; as they are where there is no plausible one,
    or where that piece is no star-shaped body."""
    gland = plausible_gland(zones, grid)
    shaped = None if gland is None else smooth_body(gland, grid)
    return zones if shaped is None else zones_within(zones, shaped, grid)


def smooth_body(gland: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_] | None:
    """A robust star-shaped fit to a mask [Z, Y, X]; None where the two have too little in common.

    Along rays from the centre the length inside the mask is its radius, as a share of the radius of the ellipsoid of
    the same second moments along the grid's axes. The logarithm is fitted by a polynomial of `DEGREE` on the sphere
    (the span of the spherical harmonics up to it). Rays that leave the grid inside the mask count for nothing.
    """
    directions = _directions()
    terms = _terms(directions)
    body = gland
    for _ in range(CENTRINGS):
        points = np.argwhere(body)[:, ::-1] * np.asarray(grid.spacing)
        centre, scale = points.mean(axis=0), np.sqrt(5.0) * points.std(axis=0)
        if not (scale > 0).all():
            return None
        shares, seen = _radii(gland, grid, centre, directions * scale)
        body = _filled(centre, scale, _robust(terms, np.log(shares), seen), grid)
        if not body.any():
            return None
    changed = np.count_nonzero(body ^ gland) / np.count_nonzero(gland)
    return body if changed <= LARGEST_CHANGE else None


def zones_within(zones: NDArray[np.uint8], gland: NDArray[np.bool_], grid: Grid) -> NDArray[np.uint8]:
    """Zones [Z, Y, X] that fill `gland` and nothing else: a voxel that had none gets the nearest one's."""
    filled = np.where(gland, zones, np.uint8(GlandZone.OUTSIDE)).astype(np.uint8)
    missing = gland & (filled == GlandZone.OUTSIDE)
    present = [zone for zone in list(GlandZone)[1:] if (zones == zone).any()]
    if not (missing.any() and present):
        return filled
    box = box_around(gland | (zones > 0), grid.spacing_zyx, 0.0).slices
    away = np.stack([distance_mm(zones[box] == zone, grid) for zone in present])
    nearest = np.asarray(present, np.uint8)[away.argmin(axis=0)]
    filled[box][missing[box]] = nearest[missing[box]]
    return filled


def _directions() -> Points:
    """[RAYS, 3] unit vectors spread evenly over the sphere (Fibonacci lattice)."""
    number = np.arange(RAYS) + 0.5
    height, angle = 1 - 2 * number / RAYS, np.pi * (1 + np.sqrt(5)) * number
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), height], axis=1)


def _terms(units: Points) -> Points:
    """[n, 16]: monomials of degree `DEGREE` and one less, which on the sphere span all up to `DEGREE`."""
    powers = [np.ones_like(units)]
    for _ in range(DEGREE):
        powers.append(powers[-1] * units)
    exponents = [(a, b, n - a - b) for n in (DEGREE, DEGREE - 1) for a in range(n + 1) for b in range(n - a + 1)]
    return np.stack([powers[a][:, 0] * powers[b][:, 1] * powers[c][:, 2] for a, b, c in exponents], axis=1)


def _radii(gland: NDArray[np.bool_], grid: Grid, centre: Points, rays: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Radius along each ray as a share of the ray's own length, and whether its end is seen on the grid."""
    lengths = np.linalg.norm(rays, axis=1)
    steps = np.arange(STEP_MM / 2, REACH_MM, STEP_MM)
    index = (centre + (rays / lengths[:, None])[:, None] * steps[:, None]) / np.asarray(grid.spacing)
    nearest = np.rint(index).astype(int)
    on_grid = ((nearest >= 0) & (nearest < np.asarray(grid.size))).all(axis=2)
    x, y, z = np.moveaxis(np.clip(nearest, 0, np.asarray(grid.size) - 1), 2, 0)
    inside = gland[z, y, x] & on_grid
    last = on_grid.sum(axis=1) - 1
    seen = (last >= 0) & ~inside[np.arange(len(rays)), np.maximum(last, 0)]
    return np.maximum(inside.sum(axis=1), 1) * STEP_MM / lengths, seen


def _robust(terms: Points, values: Points, seen: NDArray[np.bool_]) -> Points:
    """Coefficients by reweighted least squares; the first fit weighs all that is seen alike."""
    weights = seen.astype(float)
    for _ in range(FITS):
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(terms * root[:, None], values * root, rcond=None)[0]
        residual = (values - terms @ coefficients) / RESIDUAL
        weights = np.where(np.abs(residual) < 1, (1 - residual**2) ** 2, 0.0) * seen
    return np.asarray(coefficients)


def _filled(centre: Points, scale: Points, coefficients: Points, grid: Grid) -> NDArray[np.bool_]:
    """The star-shaped body on `grid`; how far a voxel is from its border is told on coarser voxels and interpolated."""
    coarse = grid.with_spacing(triple(max(spacing, COARSE_MM) for spacing in grid.spacing))
    first = (coarse.to_lps((0.0, 0.0, 0.0)) - np.asarray(grid.origin)) @ grid.axes
    x, y, z = (
        (start + np.arange(n) * s - c) / r
        for start, n, s, c, r in zip(first, coarse.size, coarse.spacing, centre, scale, strict=True)
    )
    distance = np.maximum(np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2), 1e-6)
    at = np.nonzero(distance < FARTHEST)
    units = np.stack([x[at[2]], y[at[1]], z[at[0]]], axis=1) / distance[at][:, None]
    outside = np.full(coarse.shape, 1.0, np.float32)
    outside[at] = distance[at] - np.exp(np.minimum(_terms(units) @ coefficients, np.log(FARTHEST)))
    body = np.zeros(grid.shape, bool)
    box = _reached(box_of(outside <= 0), coarse, grid)
    body[box.slices] = to_array(resample(to_image(outside, coarse), crop_grid(grid, box), outside=1.0)) <= 0
    return body


def _reached(box: Box, coarse: Grid, grid: Grid) -> Box:
    """Of `grid`: the voxels that are interpolated with any in a box of `coarse`, which has the same axes."""
    before, behind = (coarse.to_lps(corner) for corner in (np.subtract(box.low[::-1], 1), box.high[::-1]))
    x, y, z = np.clip(np.floor(grid.to_index(before)), 0, np.subtract(grid.size, 1)).astype(int).tolist()
    x_end, y_end, z_end = np.clip(np.ceil(grid.to_index(behind)) + 1, 1, grid.size).astype(int).tolist()
    return Box((z, y, x), (z_end, y_end, x_end))
