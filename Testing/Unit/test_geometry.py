import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import NEAREST, Grid, overlap_share, resample, to_array, to_image

ANGLE = np.deg2rad(18)
OBLIQUE = (1, 0, 0, 0, np.cos(ANGLE), -np.sin(ANGLE), 0, np.sin(ANGLE), np.cos(ANGLE))


@pytest.fixture
def an_oblique_grid() -> Grid:
    return Grid((40, 30, 10), (0.5, 0.5, 3.0), (-10.0, 20.0, -30.0), OBLIQUE)


def test_index_and_lps_are_inverse_and_agree_with_simpleitk(an_oblique_grid):
    image = an_oblique_grid.empty()
    index = np.array([[0, 0, 0], [39, 29, 9], [7, 11, 3]])
    lps = an_oblique_grid.to_lps(index)
    np.testing.assert_allclose(lps, [image.TransformIndexToPhysicalPoint(i.tolist()) for i in index])
    np.testing.assert_allclose(an_oblique_grid.to_index(lps), index, atol=1e-9)


def test_resampling_an_oblique_volume_keeps_patient_space(an_oblique_grid):
    lps = an_oblique_grid.to_lps(np.stack(np.meshgrid(range(10), range(30), range(40), indexing="ij")[::-1], -1))
    ramp = to_image((lps @ [1.0, 2.0, 3.0]).astype(np.float32), an_oblique_grid)
    straight = Grid(
        (12, 12, 4), (1.0, 1.0, 2.0), tuple(an_oblique_grid.centre - [5, 5, 3]), (1, 0, 0, 0, 1, 0, 0, 0, 1)
    )
    there = to_array(resample(ramp, straight))
    points = straight.to_lps(np.stack(np.meshgrid(range(4), range(12), range(12), indexing="ij")[::-1], -1))
    np.testing.assert_allclose(there, points @ [1.0, 2.0, 3.0], atol=1e-3)


def test_with_spacing_keeps_field_of_view_and_centre(an_oblique_grid):
    finer = an_oblique_grid.with_spacing((0.25, 1.0, 1.5))
    assert finer.size == (80, 15, 20)
    np.testing.assert_allclose(finer.centre, an_oblique_grid.centre)


def test_centre_box_lies_on_the_same_lattice(an_oblique_grid):
    box = an_oblique_grid.centre_box((20, 20, 20))
    np.testing.assert_allclose(an_oblique_grid.to_index(box.to_lps((0, 0, 0))), [10, 5, -5], atol=1e-9)


def test_matches_within_tolerance_only(an_oblique_grid):
    def moved(by: float) -> Grid:
        x, y, z = an_oblique_grid.origin
        return Grid(an_oblique_grid.size, an_oblique_grid.spacing, (x + by, y, z), an_oblique_grid.direction)

    assert an_oblique_grid.matches(moved(5e-4))
    assert not an_oblique_grid.matches(moved(5e-3))


def test_overlap_share_of_disjoint_and_half_covered_grids(an_oblique_grid):
    image = an_oblique_grid.empty()
    assert overlap_share(image, an_oblique_grid) == 1.0
    x, y, z = an_oblique_grid.to_lps((20, 0, 0))
    half = Grid(an_oblique_grid.size, an_oblique_grid.spacing, (x, y, z), an_oblique_grid.direction)
    assert overlap_share(image, half) == pytest.approx(0.5)
    far = Grid(an_oblique_grid.size, an_oblique_grid.spacing, (500.0, y, z), an_oblique_grid.direction)
    assert overlap_share(image, far) == 0.0


def test_nearest_keeps_labels_and_pixel_type(an_oblique_grid):
    labels = to_image(np.random.default_rng(0).integers(0, 5, an_oblique_grid.shape, dtype=np.uint8), an_oblique_grid)
    same = resample(labels, an_oblique_grid, NEAREST)
    assert same.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(to_array(same), to_array(labels))
