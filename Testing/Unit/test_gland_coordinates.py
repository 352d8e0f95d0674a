"""Voxels in the gland's own coordinates: the same as those that lesions' words are told from, however stored."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.gland import measure_gland
from ProstateAlignRefineLib.core.gland_coordinates import gland_coordinates

OBLIQUE = (0.96, 0.0, 0.28, 0.0, 1.0, 0.0, -0.28, 0.0, 0.96)
FLIPPED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def ellipsoid(grid: Grid, centre: tuple[float, float, float]) -> np.ndarray:
    """A gland of 48 x 36 x 40 mm: transition zone in front, peripheral zone behind."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    offset = grid.to_lps(index[..., ::-1]) - np.asarray(centre)
    inside = ((offset / (24.0, 18.0, 20.0)) ** 2).sum(axis=-1) < 1
    return np.where(inside, np.where(offset[..., 1] > 4.0, 1, 2), 0).astype(np.uint8)


def grid_with(direction: tuple[float, ...]) -> Grid:
    base = Grid((60, 50, 24), (1.5, 1.3, 3.0), (0.0, 0.0, 0.0), direction)
    return Grid(base.size, base.spacing, tuple(float(v) for v in -base.centre), direction)


@pytest.mark.parametrize("direction", [STRAIGHT, FLIPPED, OBLIQUE], ids=["straight", "flipped", "oblique"])
def test_the_values_are_those_of_the_position_of_each_voxel(direction):
    grid = grid_with(direction)
    gland = measure_gland(ellipsoid(grid, (2.0, -3.0, 4.0)), grid)
    assert gland is not None
    values = gland_coordinates(gland, grid)
    for index in ((12, 25, 30), (9, 30, 20), (15, 20, 40)):
        at = gland.position(tuple(grid.to_lps(index[::-1])))
        left, lateral, height, behind, behind_transition = (float(value) for value in values[(slice(None), *index)])
        assert left * 10 == pytest.approx(at.left_mm, abs=1e-3)
        assert abs(lateral) == pytest.approx(at.lateral, abs=1e-4)
        assert (height + 1) / 2 == pytest.approx(at.height, abs=1e-4)
        assert behind * 15 == pytest.approx(at.behind_gland_mm, abs=1e-3)
        assert behind_transition * 15 == pytest.approx(at.behind_transition_mm, abs=1e-3)


def test_mirroring_the_storage_mirrors_the_values_and_nothing_else():
    straight, flipped = grid_with(STRAIGHT), grid_with(FLIPPED)
    one, other = (
        gland_coordinates(measure_gland(ellipsoid(grid, (0.0, 0.0, 0.0)), grid), grid) for grid in (straight, flipped)
    )
    np.testing.assert_allclose(other[:, ::-1, :, ::-1], one, atol=1e-4)


def test_without_a_gland_left_is_still_left():
    values = gland_coordinates(None, grid_with(FLIPPED))
    assert values[0, 12, 25, 0] > 1 > -1 > values[0, 12, 25, -1]
    assert values[2, 0, 25, 30] > 0.5 > -0.5 > values[2, -1, 25, 30]
