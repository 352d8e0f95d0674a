"""What follows from the zones: where a lesion lies, and how far outside the gland is doubted."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.anatomy import DOUBTED_MM, MOST_DOUBT, TRUSTED_MM, GlandZone, outside_gland_penalty
from ProstateAlignRefineLib.core.geometry import Grid

GRID = Grid((160, 130, 36), (0.75, 0.95, 3.0), (59.6, -44.1, -67.6), (-1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96))


def ball(radius_mm: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    points = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1)[..., ::-1])
    return np.linalg.norm(points - centre, axis=-1) <= radius_mm


def penalty_at(penalty: np.ndarray, lps: tuple[float, float, float]) -> float:
    x, y, z = np.round(GRID.to_index(lps)).astype(int)
    return float(penalty[z, y, x])


@pytest.fixture(scope="module")
def penalty() -> np.ndarray:
    zones = ball(20.0) * np.uint8(GlandZone.PERIPHERAL)
    zones[ball(10.0)] = GlandZone.TRANSITION
    return outside_gland_penalty(zones, GRID)


def test_nothing_is_taken_off_in_the_gland_and_just_outside_it(penalty: np.ndarray):
    assert penalty.dtype == np.float32
    assert not penalty[ball(20.0 + TRUSTED_MM - GRID.spacing[2])].any()


def test_doubt_rises_evenly_in_millimetres_whatever_the_axis(penalty: np.ndarray):
    halfway = (TRUSTED_MM + DOUBTED_MM) / 2
    per_mm = MOST_DOUBT / (DOUBTED_MM - TRUSTED_MM)
    for direction, voxel_mm in zip(np.vstack([GRID.axes.T, -GRID.axes.T]), GRID.spacing * 2, strict=True):
        value = penalty_at(penalty, direction * (20.0 + halfway))
        assert value == pytest.approx(MOST_DOUBT / 2, abs=voxel_mm * per_mm)


def test_doubt_has_an_end(penalty: np.ndarray):
    far = ~ball(20.0 + DOUBTED_MM + 3.0)
    np.testing.assert_array_equal(penalty[far], np.float32(MOST_DOUBT))
    assert penalty.max() == np.float32(MOST_DOUBT)


def test_a_stray_island_is_no_gland():
    zones = (ball(20.0) | ball(3.0, (50.0, 0.0, 0.0))) * np.uint8(GlandZone.PERIPHERAL)
    assert penalty_at(outside_gland_penalty(zones, GRID), (50.0, 0.0, 0.0)) == MOST_DOUBT


@pytest.mark.parametrize("gland", [ball(11.0), np.ones(GRID.shape, bool), np.zeros(GRID.shape, bool)])
def test_an_implausible_gland_doubts_nothing(gland: np.ndarray):
    assert not outside_gland_penalty(gland * np.uint8(GlandZone.TRANSITION), GRID).any()
