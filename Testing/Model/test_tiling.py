"""Tiles lie where nnU-Net lays them and weigh what they weigh there."""

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.core.tiling import tile_starts, tile_weights, tiled
from ProstateAlignRefineLib.network import tiling as torch_tiling


@pytest.mark.parametrize(
    ("size", "tile", "starts"),
    [
        (110, 64, [0, 23, 46]),  # the example in nnU-Net's source
        (384, 320, [0, 64]),
        (640, 320, [0, 160, 320]),
        (500, 320, [0, 90, 180]),
        (320, 320, [0]),
        (22, 16, [0, 6]),
    ],
)
def test_tiles_are_spread_evenly_from_edge_to_edge(size: int, tile: int, starts: list[int]) -> None:
    assert tile_starts(size, tile) == starts


@pytest.mark.parametrize("tile", [(16, 64, 48), (7, 10, 12)])
def test_weights_are_a_filtered_impulse(tile: tuple[int, ...]) -> None:
    """As nnU-Net makes them."""
    from scipy.ndimage import gaussian_filter

    impulse = np.zeros(tile)
    impulse[tuple(n // 2 for n in tile)] = 1
    expected = gaussian_filter(impulse, [n / 8 for n in tile], mode="constant")
    np.testing.assert_allclose(tile_weights(tile), expected / expected.max(), atol=1e-6)


def test_one_voxel_answers_come_back_unchanged() -> None:
    image = torch.randn(1, 2, 9, 23, 20, generator=torch.Generator().manual_seed(0))
    places = []
    whole = torch_tiling.tiled(image, (4, 10, 16), lambda tile, start: places.append(start) or tile * 3)
    torch.testing.assert_close(whole, image * 3)
    array = image[0].numpy()
    np.testing.assert_allclose(tiled(array, (4, 10, 16), lambda tile, _start: tile * 3), array * 3, atol=1e-5)
    assert len(places) == len(set(places)) == 4 * 4 * 2
