"""What a reader calls the slices: the numbers of the DICOM series and where they lie, else counted from 1."""

from dataclasses import replace

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.orientation import ORDERS
from ProstateAlignRefineLib.results.slice_names import SliceNames

TILT = np.deg2rad(12.0)
GRID = Grid(
    size=(6, 7, 5),
    spacing=(0.5, 0.6, 3.0),
    origin=(-7.0, 12.0, -40.0),
    direction=(1, 0, 0, 0, float(np.cos(TILT)), float(-np.sin(TILT)), 0, float(np.sin(TILT)), float(np.cos(TILT))),
)


def headers(numbers):
    return [
        {"ImagePositionPatient": list(GRID.to_lps((0, 0, index))), "InstanceNumber": str(number)}
        for index, number in enumerate(numbers)
    ]


def test_slices_are_called_by_their_instance_numbers_and_positions():
    names = SliceNames.of(GRID, headers([19, 18, 17, 16, 15]))
    normal = GRID.axes[:, 2]
    assert [names.number(index) for index in range(5)] == [19, 18, 17, 16, 15]
    assert names.short(1, 3) == "16-18"
    low, high = (normal @ GRID.to_lps((3, 3, index)) for index in (1, 3))
    assert names.text(1, 3) == f"16-18 (at {low:.1f} to {high:.1f} mm)"
    assert names.text(2, 2) == f"17 (at {(low + high) / 2:.1f} mm)"


@pytest.mark.parametrize("order", [order for order in ORDERS if not order.is_same][::5])
def test_however_the_volume_is_stored_a_slice_keeps_its_name(order):
    turned = order.of_grid(GRID)
    names = SliceNames.of(turned, headers([19, 18, 17, 16, 15]))
    found = dict(zip(names.numbers, names.positions_mm, strict=True))
    expected = SliceNames.of(GRID, headers([19, 18, 17, 16, 15]))
    assert found == pytest.approx(dict(zip(expected.numbers, expected.positions_mm, strict=True)))


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [([1, 4, 2, 5, 3], "2, 4-5"), ([5, 1, 2, 3, 4], "1-3"), ([10, 8, 6, 4, 2], "4-8"), ([7, 3, 9, 1, 5], "1, 3, 9")],
    ids=["as acquired, interleaved", "one apart", "every second", "at random"],
)
def test_a_range_of_numbers_holds_no_other_slices(numbers, shown):
    assert SliceNames.of(GRID, headers(numbers)).short(1, 3) == shown


def enhanced(indices):
    """The header of one file of many frames, in this order of slices."""
    frames = [{"PlanePositionSequence": [{"ImagePositionPatient": list(GRID.to_lps((0, 0, i)))}]} for i in indices]
    return {"InstanceNumber": 1, "PerFrameFunctionalGroupsSequence": frames}


def test_slices_of_an_enhanced_image_are_called_by_their_frames_and_positions():
    names = SliceNames.of(GRID, [enhanced([4, 3, 2, 1, 0])])
    assert [names.number(index) for index in range(5)] == [5, 4, 3, 2, 1]
    assert names.text(0, 0) == f"5 (at {GRID.axes[:, 2] @ GRID.to_lps((0, 0, 0)):.1f} mm)"


def test_frames_that_share_a_place_name_no_slice():
    assert SliceNames.of(GRID, [enhanced([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])]).text(1, 3) == "2-4"


def without(key):
    return [{name: value for name, value in header.items() if name != key} for header in headers(range(1, 6))]


@pytest.mark.parametrize(
    "given",
    [
        [],
        headers([1, 1, 2, 3, 4]),
        headers([1, 2, 3, 4, 5])[:4],
        without("InstanceNumber"),
        without("ImagePositionPatient"),
    ],
    ids=["none", "two alike", "one missing", "no number", "no position"],
)
def test_where_dicom_does_not_number_every_slice_they_are_counted_from_one(given):
    names = SliceNames.of(GRID, given)
    assert names.text(1, 3) == "2-4"
    assert names.text(0, 0) == "1"


def test_they_are_counted_in_the_order_of_the_file():
    turned = next(order for order in ORDERS if order.axes == (0, 1, 2) and order.flips == (False, False, True))
    assert SliceNames.of(GRID, stored=turned.of_grid(GRID)).numbers == (5, 4, 3, 2, 1)
    swapped = next(order for order in ORDERS if order.axes == (2, 0, 1) and not any(order.flips))
    assert SliceNames.of(GRID, stored=swapped.of_grid(GRID)).numbers == (1, 2, 3, 4, 5)
    assert SliceNames.of(replace(GRID, size=(6, 7, 1))).numbers == (1,)
