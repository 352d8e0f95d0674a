"""What a segment holds, wherever its own geometry lies, as labels on the T2W grid."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.core.boxes import Box
from ProstateAlignRefineLib.scene.oriented import empty_image, voxels, write_mask


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_segment_edited_a_voxel_away_is_written_where_it_lies(grid, axis):
    """Half a millimetre along x is a voxel of the T2W already."""
    step = np.eye(3, dtype=int)[axis]
    moved = replace(grid, origin=tuple(float(value) for value in grid.to_lps(step)))
    image = empty_image(moved, Box((0, 0, 0), moved.shape))
    voxels(image)[3, 10:13, 12:16] = 1
    labels = np.zeros(grid.shape, np.uint8)
    write_mask(labels, image, 1, grid, 7)
    expected = np.zeros(grid.shape, np.uint8)
    expected[3, 10:13, 12:16] = 7
    np.testing.assert_array_equal(labels, np.roll(expected, step[::-1], (0, 1, 2)))
