"""Extents against every pair of face centres, measured where the patient has them."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.boxes import box_of, boxes_of
from ProstateAlignRefineLib.core.extents import BLOCK, Extents
from ProstateAlignRefineLib.core.geometry import Grid

TILTED = (0.8, -0.6, 0.0, 0.576, 0.768, 0.28, -0.168, -0.224, 0.96)
GRID = Grid((40, 36, 14), (0.4, 0.9, 3.1), (10.0, -4.0, -15.0), TILTED)


def brute_force(mask: np.ndarray, axes: tuple[int, ...]) -> float:
    """mm in LPS, between the centres of the faces along these array axes."""
    steps = np.concatenate([np.eye(3)[list(axes)], -np.eye(3)[list(axes)]]) / 2
    points = GRID.to_lps((np.argwhere(mask)[:, None] + steps).reshape(-1, 3)[:, ::-1])
    return max(float(np.linalg.norm(points - point, axis=1).max()) for point in points)


def in_slices(mask: np.ndarray, stack_axis: int) -> float:
    across = tuple(axis for axis in range(3) if axis != stack_axis)
    alone = (np.take(mask, [n], stack_axis) for n in range(mask.shape[stack_axis]))
    return max(brute_force(plane, across) for plane in alone if plane.any())


def ball(radii_zyx: tuple[float, float, float]) -> np.ndarray:
    places = (np.indices(GRID.shape).reshape(3, -1).T - (6.7, 17.2, 19.6)) / radii_zyx
    return ((places**2).sum(axis=1) <= 1).reshape(GRID.shape)


def specks(seed: int, share: float) -> np.ndarray:
    mask = np.zeros(GRID.shape, bool)
    mask[2:9, 5:22, 4:25] = np.random.default_rng(seed).random((7, 17, 21)) < share
    return mask


@pytest.mark.parametrize("stack_axis", [0, 1, 2])
@pytest.mark.parametrize(
    "mask",
    [ball((5, 9, 13)), ball((2, 8, 8)), ball((6.5, 3, 5)), specks(0, 0.02), specks(1, 0.5), specks(2, 0.002)],
    ids=["ball", "flat", "tall", "few", "many", "lone"],
)
def test_no_two_points_of_the_outline_are_farther_apart(mask: np.ndarray, stack_axis: int) -> None:
    found = Extents.of(mask[box_of(mask).slices], GRID.spacing_zyx, stack_axis)
    assert found.in_3d == pytest.approx(brute_force(mask, (0, 1, 2)))
    assert found.in_a_slice == pytest.approx(in_slices(mask, stack_axis))


def test_so_many_corners_that_those_near_the_middle_are_left_out() -> None:
    """A rough surface has more corners than are compared at once, and many of them at neither end of a diameter."""
    rng = np.random.default_rng(5)
    mask = np.zeros((50, 60, 60), bool)
    columns = rng.integers(0, 12, (2, 60, 60))
    for (y, x), low in np.ndenumerate(columns[0]):
        if (y - 30) ** 2 / 900 + (x - 30) ** 2 / 100 < 1:
            mask[15 + low : 35 - columns[1, y, x], y, x] = True
    spacing = np.array([0.5, 0.6, 0.7])
    corners = np.argwhere(mask & ~np.roll(mask, 1, 0)), np.argwhere(mask & ~np.roll(mask, -1, 0))
    points = np.concatenate(corners) * spacing
    assert len(points) > 2 * BLOCK
    longest = 0.0
    for move in np.diag(spacing):  # one end moved by a voxel: faces of one axis that point apart
        for start in range(0, len(points), 200):
            apart = points[start : start + 200, None] + move - points
            longest = max(longest, float((apart**2).sum(axis=2).max()))
    assert Extents.of(mask, spacing).in_3d == pytest.approx(np.sqrt(longest))


def test_boxes_of_labels_are_the_smallest_around_each() -> None:
    labels = np.zeros((4, 6, 9), np.int32)
    labels[1:3, 2, 4:7], labels[3, 5, 0], labels[0, 0, 8] = 5, 2, 5
    assert [(n, box.low, box.high) for n, box in boxes_of(labels)] == [
        (2, (3, 5, 0), (4, 6, 1)),
        (5, (0, 0, 4), (3, 3, 9)),
    ]
    assert boxes_of(labels * 0) == []


def test_a_label_that_fills_rows_from_end_to_end_has_one_box() -> None:
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[1, 1:3], labels[1, 3, 0], labels[2, :, 4], labels[0, 3, 2:] = 1, 1, 2, 3
    assert [(n, box.low, box.high) for n, box in boxes_of(labels)] == [
        (1, (1, 1, 0), (2, 4, 5)),
        (2, (2, 0, 4), (3, 4, 5)),
        (3, (0, 3, 2), (1, 4, 5)),
    ]
