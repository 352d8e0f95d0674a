"""A volume's voxels lie where its header says, along each axis by itself: oblong pixels, tilted, stored backwards."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid, overlap_share, resample, to_array, to_image
from ProstateAlignRefineLib.results.view import in_view, view

TILT, TURN = np.deg2rad(18), np.deg2rad(190)
ALONG_X = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])
ABOUT_Z = np.array([[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, 1]])
AXES = ALONG_X @ ABOUT_Z
LEFT_HANDED = AXES @ np.diag([1, 1, -1])


def grid(axes: np.ndarray = AXES, size: tuple[int, int, int] = (39, 30, 11)) -> Grid:
    return Grid(size, (0.5, 0.8, 3.0), (-10.0, 20.0, -30.0), tuple(axes.ravel().tolist()))


@pytest.fixture(params=[AXES, LEFT_HANDED], ids=["right-handed", "left-handed"])
def a_grid(request: pytest.FixtureRequest) -> Grid:
    return grid(request.param)


def test_a_step_along_each_axis_is_that_axis_spacing_long_in_its_direction(a_grid: Grid):
    for axis, step in enumerate(np.eye(3)):
        moved = a_grid.to_lps(step) - a_grid.to_lps((0, 0, 0))
        np.testing.assert_allclose(moved, a_grid.axes[:, axis] * a_grid.spacing[axis])
    assert a_grid.shape == (11, 30, 39)
    assert a_grid.voxel_ml == pytest.approx(0.5 * 0.8 * 3.0 / 1000)
    np.testing.assert_allclose(a_grid.centre, (a_grid.to_lps((0, 0, 0)) + a_grid.to_lps((38, 29, 10))) / 2)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_grids_that_share_their_middle_but_not_their_ends_are_two_grids(a_grid: Grid, axis: int):
    """A turn about the middle, or slices 0.2 um closer: the corners drift apart, their mean does not move."""
    turn = np.eye(3)
    one, other = (n for n in range(3) if n != axis)
    turn[one, other], turn[other, one] = -1e-3, 1e-3
    turned = grid(turn @ a_grid.axes)
    origin = a_grid.centre - (turned.centre - np.asarray(turned.origin))
    about_the_middle = Grid(turned.size, turned.spacing, tuple(origin), turned.direction)
    np.testing.assert_allclose(about_the_middle.centre, a_grid.centre)
    assert not a_grid.matches(about_the_middle)


def test_one_end_beyond_the_tolerance_is_enough(a_grid: Grid):
    """The first slices agree, the last lie 1.2 um off: the mean of all corners would be 0.2 um."""
    x, y, z = a_grid.spacing
    assert not a_grid.matches(Grid(a_grid.size, (x, y, z + 1.2e-3 / 9.5), a_grid.origin, a_grid.direction))
    assert a_grid.matches(Grid(a_grid.size, (x, y, z + 0.8e-3 / 10), a_grid.origin, a_grid.direction))
    assert not a_grid.matches(Grid((39, 30, 10), a_grid.spacing, a_grid.origin, a_grid.direction))


@pytest.mark.parametrize(
    ("size", "first"),
    [((19, 10, 5), (10, 10, 3)), ((20, 11, 4), (9, 9, 3)), ((40, 33, 12), (-1, -2, -1)), ((39, 30, 11), (0, 0, 0))],
)
def test_a_centre_box_holds_whole_voxels_of_the_grid(a_grid: Grid, size, first):
    """An odd number to spare leaves one voxel more at the far end: never half a voxel at both."""
    box = a_grid.centre_box(size)
    assert (box.size, box.spacing, box.direction) == (size, a_grid.spacing, a_grid.direction)
    np.testing.assert_allclose(a_grid.to_index(box.to_lps((0, 0, 0))), first, atol=1e-9)


def test_another_spacing_keeps_the_field_of_view_of_each_axis(a_grid: Grid):
    finer = a_grid.with_spacing((0.25, 1.2, 1.5))
    assert finer.size == (78, 20, 22)
    np.testing.assert_allclose(finer.centre, a_grid.centre)
    # Edge to edge: the outer faces of the first voxels coincide.
    np.testing.assert_allclose(finer.to_lps((-0.5, -0.5, -0.5)), a_grid.to_lps((-0.5, -0.5, -0.5)), atol=1e-9)
    assert a_grid.with_spacing((1000.0, 1000.0, 1000.0)).size == (1, 1, 1)


def test_a_bright_point_stays_in_its_place_on_another_grid(a_grid: Grid):
    values = np.zeros(a_grid.shape, np.float32)
    values[7, 5, 30] = 100.0
    straight = Grid((60, 60, 60), (0.6, 0.6, 0.6), tuple(a_grid.to_lps((30, 5, 7)) - 18.0), tuple(np.eye(3).ravel()))
    found = to_array(resample(to_image(values, a_grid), straight))
    z, y, x = np.unravel_index(found.argmax(), found.shape)
    assert np.linalg.norm(straight.to_lps((x, y, z)) - a_grid.to_lps((30, 5, 7))) < 0.6


def test_beyond_the_field_of_view_is_what_was_asked_for(a_grid: Grid):
    image = to_image(np.full(a_grid.shape, 7, np.int16), a_grid)
    far = Grid((4, 4, 4), (1.0, 1.0, 1.0), tuple(a_grid.centre + 500.0), a_grid.direction)
    assert to_array(resample(image, far, outside=-20.0)).tolist() == np.full((4, 4, 4), -20.0).tolist()
    assert overlap_share(image, far) == 0.0


def test_a_volume_of_another_shape_than_its_grid_is_a_fault(a_grid: Grid):
    with pytest.raises(ValueError, match="does not fit"):
        to_image(np.zeros((11, 39, 30), np.float32), a_grid)


def test_a_picture_is_square_in_millimetres_where_pixels_are_oblong():
    """8 mm wide and high about the middle: 16 columns of 0.5 mm, 10 rows of 0.8 mm; its shape is true to the body."""
    place = grid(size=(40, 30, 11))
    values = np.arange(40 * 30).reshape(30, 40)
    cut = in_view(values, place, 8.0)
    assert cut.shape == (10, 16)
    assert cut[0, 0] == values[10, 12]
    square = np.zeros((30, 40), np.uint8)
    square[13:18, 16:24] = 255  # 4 x 4 mm
    seen = np.asarray(view(square, place, 8.0, 80)) > 0
    assert (seen.any(axis=0).sum(), seen.any(axis=1).sum()) == (40, 40)
    assert np.unique(np.asarray(view(square, place, 8.0, 77))).tolist() == [0, 255]  # a mask stays one
    assert np.asarray(view(square, place, 80.0, 80))[0, 0] == 0  # beyond the field
