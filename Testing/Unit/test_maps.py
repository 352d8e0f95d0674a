"""Maps on their way through files: nothing lost, nothing invented."""

from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.exchange import read_exchange, write_exchange
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import MAP_NAMES, Maps, load_maps, save_maps

GRID = Grid((6, 5, 4), (0.5, 0.5, 3.0), (1.0, 2.0, 3.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
WAYS = ((save_maps, load_maps), (write_exchange, read_exchange))


def some_maps(zones: bool) -> Maps:
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=GRID.shape).astype(np.float32) for name in MAP_NAMES}
    return Maps(GRID, **arrays, zones=rng.integers(0, 5, GRID.shape).astype(np.uint8) if zones else None)


@pytest.mark.parametrize(("write", "read"), WAYS)
def test_zones_travel_with_the_maps(write, read, tmp_path: Path):
    maps = some_maps(zones=True)
    write(maps, tmp_path)
    back = read(tmp_path)
    assert back.grid.matches(GRID)
    assert back.zones.dtype == np.uint8
    for name, array in maps.arrays.items():
        np.testing.assert_array_equal(array, back.arrays[name])


@pytest.mark.parametrize(("write", "read"), WAYS)
def test_a_model_without_anatomy_leaves_no_zones_even_where_earlier_ones_lay(write, read, tmp_path: Path):
    write(some_maps(zones=True), tmp_path)
    write(some_maps(zones=False), tmp_path)
    assert read(tmp_path).zones is None
    assert not list(tmp_path.glob("zones*"))


def test_zones_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="zones has shape"):
        Maps(GRID, *some_maps(zones=False).arrays.values(), zones=np.zeros((1, 2, 3), np.uint8))
