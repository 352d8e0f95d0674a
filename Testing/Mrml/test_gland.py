# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
"""The gland in the scene: a quiet outline of its own, places that survive, and a gate as fast as without it."""

from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from Mrml.test_state import reopened
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.lesions import find_lesions
from ProstateAlignRefineLib.results.setting import Paint
from ProstateAlignRefineLib.scene.display import show_gland
from ProstateAlignRefineLib.scene.gland import GLAND_ID
from ProstateAlignRefineLib.scene.live import Movable
from ProstateAlignRefineLib.scene.maps import MAP_ATTRIBUTE
from ProstateAlignRefineLib.scene.oriented import write_mask
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.segmentation import LABELMAP
from ProstateAlignRefineLib.scene.state import PanelState, find_or_add_state_node
from ProstateAlignRefineLib.scene.volumes import Inputs, add_volume

SCALE = 4.0  # the small study's voxels, enlarged: its field of view then holds a gland


@pytest.fixture
def grid(grid):
    return replace(grid, spacing=tuple(SCALE * step / (1.0, 1.0, 2.0)[n] for n, step in enumerate(grid.spacing)))


@pytest.fixture
def maps(maps):
    """A box of gland about both lesions: peripheral zone, its first rows transition zone."""
    zones = np.zeros(maps.grid.shape, np.uint8)
    zones[1:7, 4:26, 3:29] = GlandZone.PERIPHERAL
    zones[1:7, 4:16, 3:29] = GlandZone.TRANSITION
    return replace(maps, zones=zones)


def places(reading):
    return [found.lesion.place for found in reading.lesions]


def test_lesions_are_placed_in_the_gland_as_on_the_command_line(reading, maps):
    _, lesions = find_lesions(reading.labels() > 0, maps, np.ones(maps.grid.shape))
    assert places(reading) == [lesion.place for lesion in lesions]
    assert [place.zone for place in places(reading)] == [GlandZone.TRANSITION, GlandZone.PERIPHERAL]


def test_the_outline_is_the_gland_thin_and_hidden_at_first(reading, maps):
    node = reading.nodes.gland
    segment = node.GetSegmentation().GetSegment(GLAND_ID)
    labels = np.zeros(maps.grid.shape, np.uint8)
    write_mask(labels, segment.GetRepresentation(LABELMAP), 1, maps.grid, 1)
    np.testing.assert_array_equal(labels > 0, maps.zones > 0)
    display = node.GetDisplayNode()
    assert (display.GetVisibility2D(), display.GetVisibility2DFill(), display.GetVisibility3D()) == (0, 0, 0)
    show_gland(reading.nodes, True)
    assert display.GetVisibility2D()


def test_the_zones_are_no_volume_that_a_reader_would_choose(reading):
    assert reading.nodes.maps.zones.GetHideFromEditors()
    assert reading.nodes.maps.zones.GetAttribute(MAP_ATTRIBUTE) == "zones"


def test_gland_and_places_survive_saving_and_opening(scene, reading, tmp_path):
    state = PanelState(find_or_add_state_node(scene))
    reading.store(state)
    before, volume = places(reading), reading.anatomy.gland.volume_ml
    again = Reading.reopen(scene, reopened(scene, tmp_path))
    assert places(again) == before
    assert again.anatomy.gland.volume_ml == pytest.approx(volume)
    assert again.nodes.gland.GetSegmentation().GetSegment(GLAND_ID).GetName() == "Prostate"
    again.set_gate(0.7, 1.0)
    assert {place.zone for place in places(again)} == {GlandZone.TRANSITION, GlandZone.PERIPHERAL}


def test_a_result_opens_without_its_gland_outline_too(scene, reading):
    state = PanelState(find_or_add_state_node(scene))
    reading.store(state)
    scene.RemoveNode(reading.nodes.gland)
    again = Reading.reopen(scene, state)
    assert not again.nodes.has_gland
    assert places(again) == places(reading)
    again.store(state)


def test_a_slider_tick_knows_nothing_of_the_gland(maps):
    """What a tick works on is the same with zones and without: they cost it nothing."""
    with_zones, without = Movable.of(maps, Paint()), Movable.of(replace(maps, zones=None), Paint())
    assert with_zones.box == without.box
    np.testing.assert_array_equal(with_zones.index, without.index)


def test_a_model_without_anatomy_leaves_no_gland(scene, inputs, maps, run):
    others = Inputs(*(add_volume(scene, np.ones(maps.grid.shape, np.float32), maps.grid, "other") for _ in range(3)))
    reading = Reading.start(scene, others, replace(maps, zones=None), run)
    assert reading.nodes.gland is None
    assert reading.nodes.maps.zones is None
    assert len(list(reading.nodes.maps)) == 4
