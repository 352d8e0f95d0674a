"""What pictures show of a volume."""

import numpy as np

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.results.view import in_view, view

A_GRID = Grid((60, 50, 3), (2.0, 1.6, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))  # 120 x 80 mm


def test_what_lies_beyond_the_view_is_left_out():
    values = np.zeros(A_GRID.shape)
    values[:, :, :10] = values[:, :, 50:] = 9.0
    shown = in_view(values, A_GRID, 80.0)
    assert shown.shape == (3, 50, 40)
    assert shown.max() == 0.0
    assert np.array_equal(in_view(values[1], A_GRID, 80.0), shown[1])


def test_a_view_wider_than_the_field_is_black_beyond_it():
    picture = np.asarray(view(np.full(A_GRID.shape[1:], 255, np.uint8), A_GRID, 160.0, 80))
    assert picture.shape == (80, 80)
    assert np.all(picture[20:60, 10:70] == 255)
    assert picture[:20].max() == picture[60:].max() == picture[:, :10].max() == picture[:, 70:].max() == 0
