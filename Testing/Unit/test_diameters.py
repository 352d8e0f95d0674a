"""Three diameters of lesions whose shape is known, on a tilted grid of oblong voxels stored back to front."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core import diameters
from ProstateAlignRefineLib.core.boxes import box_of
from ProstateAlignRefineLib.core.diameters import measure_diameters
from ProstateAlignRefineLib.core.extents import Extents
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.gland import body_axes

TO_THE_RIGHT_AND_FRONT = (-1, 0, 0, 0, -0.96, 0.28, 0, 0.28, 0.96)
GRID = Grid((90, 80, 12), (0.5, 0.6, 3.0), (10.0, 14.0, -15.0), TO_THE_RIGHT_AND_FRONT)


def ellipse(turn_degrees, half_long=15.0, half_short=8.0, slices=(3, 7), widest=5):
    """Widest in one slice; mm."""
    z, y, x = np.indices(GRID.shape)
    turn = np.radians(turn_degrees)
    dx, dy = (x - 45) * GRID.spacing[0], (y - 40) * GRID.spacing[1]
    along, aside = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    inside = (along / half_long) ** 2 + (aside / half_short) ** 2 <= np.where(z == widest, 1.0, 0.6)
    return inside & (z >= slices[0]) & (z <= slices[1])


def measured(mask):
    axes, _ = body_axes(GRID)
    box = box_of(mask)
    inside = mask[box.slices]
    return measure_diameters(inside, box.low, GRID, axes, Extents.of(inside, GRID.spacing_zyx, axes[2]))


@pytest.mark.parametrize("turn", [0, 30, 45, 77, 120])
def test_an_ellipse_has_its_two_axes_and_its_height(turn):
    found = measured(ellipse(turn))
    assert found.longest.length_mm == pytest.approx(30.0, abs=0.6)
    assert found.across.length_mm == pytest.approx(16.0, abs=0.8)
    assert found.craniocaudal_mm == pytest.approx(15.0)
    assert found.slice == 5
    assert found.text == "30 x 16 x 15 mm"


@pytest.mark.parametrize("turn", [0, 30, 77])
def test_both_lines_lie_in_their_slice_at_right_angles_and_end_on_the_outline(turn):
    mask = ellipse(turn)
    found = measured(mask)
    directions = []
    for line in (found.longest, found.across):
        for end in (line.start, line.end):
            x, y, z = GRID.to_index(end)
            assert z == pytest.approx(found.slice, abs=1e-6)
            near = mask[5, max(int(y) - 1, 0) : int(y) + 3, max(int(x) - 1, 0) : int(x) + 3]
            assert near.any()
            assert not near.all()
        directions.append(np.subtract(line.end, line.start) / line.length_mm)
    assert directions[0] @ directions[1] == pytest.approx(0, abs=1e-6)


def test_one_voxel_measures_its_faces():
    mask = np.zeros(GRID.shape, bool)
    mask[4, 10, 20] = True
    found = measured(mask)
    assert (found.longest.length_mm, found.across.length_mm) == pytest.approx((0.6, 0.5))
    assert found.craniocaudal_mm == pytest.approx(3.0)


def test_a_bent_lesion_is_measured_across_where_it_is_thickest_not_from_end_to_end():
    mask = np.zeros(GRID.shape, bool)
    mask[4, 10:12, 10:70] = True  # a bar along x, 1.2 mm thick
    mask[4, 12:30, 38:42] = True  # and a stem in its middle
    found = measured(mask)
    assert found.longest.length_mm == pytest.approx(30.0, abs=0.1)
    assert found.across.length_mm == pytest.approx(20 * 0.6, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_the_longest_line_is_the_longest_of_all_between_faces_of_any_slice(seed, monkeypatch):
    """Of a ragged lesion with more outermost voxels than are worked out at once."""
    monkeypatch.setattr(diameters, "BLOCK", 7)
    rng = np.random.default_rng(seed)
    mask = ellipse(rng.uniform(0, 180), 8.0, 6.0) & (rng.random(GRID.shape) < 0.7)
    longest = {number: longest_by_all_pairs(np.argwhere(mask[number])) for number in range(3, 8)}
    found = measured(mask)
    assert found.longest.length_mm == pytest.approx(max(longest.values()))
    assert found.slice == min(n for n, length in longest.items() if length == pytest.approx(max(longest.values())))


def longest_by_all_pairs(index_yx):
    faces = np.concatenate([index_yx + np.array(half) / 2 for half in ((0, 1), (0, -1), (1, 0), (-1, 0))])
    places = faces * GRID.spacing_zyx[1:]
    return np.sqrt(((places[:, None] - places) ** 2).sum(axis=2).max())


def test_of_slices_with_equally_long_lines_the_first_is_taken():
    mask = np.zeros(GRID.shape, bool)
    mask[4, 10:30, 20] = mask[6, 15:35, 50] = True
    mask[6, 20, 48:52] = True  # so that its box is the larger one
    assert measured(mask).slice == 4
