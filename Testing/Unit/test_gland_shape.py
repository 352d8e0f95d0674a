"""The gland as one smooth body: spurs and islands go, the body stays, whatever the voxels."""

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.gland_shape import shaped_zones, zones_within

COSINE, SINE = np.cos(0.3), np.sin(0.3)
OBLIQUE = (1.0, 0.0, 0.0, 0.0, COSINE, -SINE, 0.0, SINE, COSINE)
FLIPPED = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
GRIDS = [Grid((90, 70, 24), (0.9, 1.1, 3.0), (-40.0, 12.0, -30.0), direction) for direction in (OBLIQUE, FLIPPED)]


def ellipsoid(grid: Grid, radii=(24.0, 17.0, 20.0)) -> np.ndarray:
    z, y, x = ((np.arange(n) - (n - 1) / 2) * s for n, s in zip(grid.shape, grid.spacing_zyx, strict=True))
    a, b, c = radii
    return (z[:, None, None] / c) ** 2 + (y[:, None] / b) ** 2 + (x / a) ** 2 <= 1


def zoned(gland: np.ndarray) -> np.ndarray:
    """The back half peripheral, the front half transition zone."""
    zones = np.where(gland, np.uint8(GlandZone.TRANSITION), np.uint8(0))
    zones[:, gland.shape[1] // 2 :][gland[:, gland.shape[1] // 2 :]] = GlandZone.PERIPHERAL
    return zones


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("grid", GRIDS, ids=["oblique", "flipped"])
def test_a_spur_and_an_island_go_and_the_body_stays(grid):
    true = ellipsoid(grid)
    found = true.copy()
    found[11:14, 8:20, 42:48] = True  # a tongue of 13 mm to the front
    found[20:23, 40:44, 43:47] = True  # a stalk towards the head
    found[1:3, 4:10, 4:10] = True
    gland = shaped_zones(zoned(found), grid) > 0
    assert dice(gland, true) > 0.97
    assert dice(gland, true) > dice(found, true)
    assert not gland[11:14, 8:16].any()
    assert np.ptp(np.nonzero(gland)[0]) <= np.ptp(np.nonzero(true)[0])
    assert sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(gland.astype(np.uint8)))).max() == 1


def test_a_gland_cut_by_the_first_slice_still_reaches_it():
    grid = GRIDS[0]
    zones = zoned(ellipsoid(grid))[10:]
    cut = Grid((*grid.size[:2], len(zones)), grid.spacing, grid.origin, grid.direction)
    gland = shaped_zones(zones, cut) > 0
    assert dice(gland, zones > 0) > 0.97
    assert gland[0].sum() > 0.9 * (zones[0] > 0).sum()


def test_what_is_no_star_shaped_body_stays_as_it_is():
    grid = GRIDS[0]
    ring = ellipsoid(grid) & ~ellipsoid(grid, (18.0, 12.0, 60.0))
    for zones in (zoned(ring), np.zeros(grid.shape, np.uint8)):
        np.testing.assert_array_equal(shaped_zones(zones, grid), zones)


def test_new_voxels_take_the_nearest_zone_and_voxels_outside_have_none():
    grid = GRIDS[0]
    zones, wider = zoned(ellipsoid(grid)), ellipsoid(grid, (27.0, 20.0, 22.0))
    filled = zones_within(zones, wider, grid)
    np.testing.assert_array_equal(filled > 0, wider)
    np.testing.assert_array_equal(filled[zones > 0], zones[zones > 0])
    assert set(filled[12, :30][wider[12, :30]]) == {GlandZone.TRANSITION}
    assert set(filled[12, 40:][wider[12, 40:]]) == {GlandZone.PERIPHERAL}
    assert not zones_within(zones, np.zeros(grid.shape, bool), grid).any()
