"""Maps on their way through files: nothing lost, nothing invented."""

from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.exchange import read_exchange, write_exchange
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import MAP_NAMES, Maps, load_maps, save_maps, write_volume

GRID = Grid((6, 5, 4), (0.5, 0.7, 3.0), (1.0, 2.0, 3.0), (-1, 0, 0, 0, -0.96, 0.28, 0, 0.28, 0.96))
WAYS = ((save_maps, load_maps), (write_exchange, read_exchange))


def some_maps(zones: bool) -> Maps:
    rng = np.random.default_rng(0)
    arrays = {name: rng.uniform(size=GRID.shape).astype(np.float32) for name in MAP_NAMES}
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


@pytest.mark.parametrize("name", MAP_NAMES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_map_of_something_else_than_numbers_is_refused(name, value):
    arrays = dict(some_maps(zones=False).arrays)
    arrays[name] = arrays[name].copy()
    arrays[name][1, 2, 3] = value
    with pytest.raises(InputError, match=f"'{name}' holds values that are not numbers"):
        Maps(GRID, **arrays)


@pytest.mark.fault("a stored map holds impossible values", "which map, its range, and to segment again")
@pytest.mark.parametrize(
    ("name", "value", "most"),
    [
        ("confidence", 1.5, 1),
        ("confidence", -0.1, 1),
        ("similarity", 7.0, 1),
        ("similarity", -1e-3, 1),
        ("zones", 9, 4),
    ],
)
def test_stored_maps_out_of_their_range_are_refused(name, value, most, tmp_path: Path):
    maps = some_maps(zones=True)
    save_maps(maps, tmp_path)
    spoilt = maps.arrays[name].copy()
    spoilt[0, 0, 0] = value
    write_volume(spoilt, GRID, tmp_path / f"{name}.nii.gz")
    with pytest.raises(InputError, match=f"'{name}' runs from .* not from 0 to {most}"):
        load_maps(tmp_path)
