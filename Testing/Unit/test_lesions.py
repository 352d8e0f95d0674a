import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.lesions import find_lesions
from ProstateAlignRefineLib.core.maps import Maps, laid_maps
from ProstateAlignRefineLib.core.orientation import ORDERS

TO_THE_RIGHT_AND_FRONT = (-1, 0, 0, 0, -0.96, 0.28, 0, 0.28, 0.96)  # stored so, and tilted
GRID = Grid((40, 36, 10), (0.5, 0.8, 3.0), (10.0, 14.0, -15.0), TO_THE_RIGHT_AND_FRONT)


def maps_with(confidence: np.ndarray) -> Maps:
    zeros = np.zeros(GRID.shape, np.float32)
    return Maps(GRID, zeros, zeros, confidence.astype(np.float32), zeros + 0.5)


@pytest.fixture
def two_boxes() -> np.ndarray:
    """A: 6 x 8 x 10 voxels (z, y, x); B: 2 x 4 x 4, four voxels apart."""
    mask = np.zeros(GRID.shape, bool)
    mask[1:7, 10:18, 5:15] = True
    mask[2:4, 30:34, 30:34] = True
    return mask


def test_lesions_are_numbered_by_falling_mean_confidence(two_boxes):
    confidence = np.full(GRID.shape, 0.6)
    confidence[2:4, 30:34, 30:34] = 0.9
    labels, lesions = find_lesions(two_boxes, maps_with(confidence), np.ones(GRID.shape))
    assert [lesion.mean_confidence for lesion in lesions] == pytest.approx([0.9, 0.6])
    assert labels[3, 31, 31] == 1
    assert labels[3, 12, 7] == 2


def test_measures_of_a_box(two_boxes):
    adc = np.zeros(GRID.shape)
    adc[two_boxes] = 1000.0
    adc[1, 10, 5:15] = 0.0  # masked by the scanner
    _, lesions = find_lesions(two_boxes, maps_with(two_boxes * 0.7), adc)
    box = max(lesions, key=lambda lesion: lesion.volume_ml)
    assert box.volume_ml == pytest.approx(6 * 8 * 10 * 1.2e-3)
    # Outline of a 10 x 8 voxel rectangle through the centres of the voxel faces.
    assert box.max_axial_diameter_mm == pytest.approx(np.hypot(9 * 0.5, 8 * 0.8), abs=1e-6)
    assert box.diameter_3d_mm == pytest.approx(np.sqrt((9 * 0.5) ** 2 + (7 * 0.8) ** 2 + 18.0**2))
    assert box.mean_adc == pytest.approx(1000.0)
    assert box.centre_lps == pytest.approx(tuple(GRID.origin + GRID.axes @ (9.5 * 0.5, 13.5 * 0.8, 3.5 * 3)))
    assert box.slices == (1, 6)


def test_diameter_equals_the_largest_distance_between_all_outline_points():
    rng = np.random.default_rng(3)
    mask = np.zeros(GRID.shape, bool)
    mask[2:7, 8:25, 8:25] = rng.uniform(size=(5, 17, 17)) < 0.6  # one piece and a few specks
    _, lesions = find_lesions(mask, maps_with(mask * 0.7), np.ones(GRID.shape))
    index = np.argwhere(mask)
    steps = np.concatenate([np.eye(3), -np.eye(3)]) / 2
    points = ((index[:, None] + steps) * [3.0, 0.8, 0.5]).reshape(-1, 3)
    longest = max(np.sqrt(((points - p) ** 2).sum(1).max()) for p in points)
    largest = max(lesion.diameter_3d_mm for lesion in lesions)
    assert largest == pytest.approx(longest)


def test_diagonal_voxels_belong_to_one_lesion():
    mask = np.zeros(GRID.shape, bool)
    mask[4, 10, 10] = mask[5, 11, 11] = True
    assert len(find_lesions(mask, maps_with(mask), np.ones(GRID.shape))[1]) == 1


def test_an_empty_mask_has_no_lesion():
    labels, lesions = find_lesions(np.zeros(GRID.shape, bool), maps_with(np.zeros(GRID.shape)), np.ones(GRID.shape))
    assert lesions == ()
    assert labels.max() == 0


def test_no_adc_signal_gives_no_adc_value(two_boxes):
    _, lesions = find_lesions(two_boxes, maps_with(two_boxes), np.zeros(GRID.shape))
    assert lesions[0].mean_adc is None


@pytest.mark.parametrize("number", range(0, 48, 5))
def test_measures_do_not_depend_on_the_order_of_the_axes(two_boxes, number):
    """The largest axial diameter stays that in the axial plane, and slices those from feet to head."""
    order, maps = ORDERS[number], maps_with(two_boxes.astype(np.float32))
    _, plain = find_lesions(two_boxes > 0, maps, np.zeros(GRID.shape), 0.0)
    laid = np.ascontiguousarray(order.of_array(two_boxes > 0))
    _, other = find_lesions(laid, laid_maps(maps, order.of_grid(GRID)), np.zeros(laid.shape), 0.0)
    assert len(plain) == len(other) == 2
    for mine, theirs in zip(plain, other, strict=True):
        assert theirs.max_axial_diameter_mm == pytest.approx(mine.max_axial_diameter_mm)
        assert theirs.diameter_3d_mm == pytest.approx(mine.diameter_3d_mm)
        assert theirs.centre_lps == pytest.approx(mine.centre_lps)
        assert theirs.slices[1] - theirs.slices[0] == mine.slices[1] - mine.slices[0]
