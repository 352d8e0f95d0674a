"""What a reader sees: Slicer's own slice views, rendered off screen."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.palette import ADDED_RGB, LESION_RGB

pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("trame_slicer", reason="trame-slicer is not installed")

from host.slice_views import open_host, picture
from ProstateAlignRefineLib.bundle.summary import ModelFacts
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.results.review import Decision
from ProstateAlignRefineLib.results.run import Run
from ProstateAlignRefineLib.scene.display import set_outline, show_ai, show_edits
from ProstateAlignRefineLib.scene.heatmap import Heatmap
from ProstateAlignRefineLib.scene.layout import FIELD_MM, HEATMAP_TAG, LABELS, TAGS, ReadingLayout
from ProstateAlignRefineLib.scene.reading import Reading
from ProstateAlignRefineLib.scene.volumes import Inputs, add_volume

PIXELS = 200
GREYS = {Modality.T2W: 100.0, Modality.ADC: 1250.0, Modality.HBV: 60.0}
LESION = (slice(2, 5), slice(40, 60), slice(30, 50))
INSIDE, OUTSIDE = (50, 40), (20, 80)
WIDENED = (50, 52)


@pytest.fixture(scope="module")
def host():
    return open_host(PIXELS, PIXELS)


@pytest.fixture(scope="module")
def grid():
    tilt = np.deg2rad(15.0)
    axes = (1, 0, 0, 0, np.cos(tilt), -np.sin(tilt), 0, np.sin(tilt), np.cos(tilt))
    return Grid((100, 100, 7), (1.0, 1.0, 3.0), (-50.0, -40.0, 10.0), tuple(float(v) for v in axes))


@pytest.fixture(scope="module")
def reading(host, grid):
    volumes = []
    for modality, grey in GREYS.items():
        array = np.full(grid.shape, grey, np.float32)
        array[:, ::2] += 1
        volumes.append(add_volume(host.scene, array, grid, modality.value))
    base = np.full(grid.shape, -4.0, np.float32)
    base[LESION] = 4.0
    refined = base.copy()
    refined[2:5, 40:60, 50:56] = 30.0
    seen = np.ones(grid.shape, np.float32)
    similarity = np.where(base > 0, 0.8, 0.3).astype(np.float32)
    run = Run(ModelFacts("m", "0" * 64, "", 0.3, 0.0, "p", 0.0), "p", "", "", {}, {}, {})
    return Reading.start(host.scene, Inputs(*volumes), Maps(grid, base, refined, seen, similarity), run)


@pytest.fixture
def layout(host, reading):
    layout = ReadingLayout(host.scene, host.layout_node)
    layout.enter(reading.inputs)
    yield layout
    reading.set_gate(0.3, 0.0)
    show_edits(reading.nodes, False)
    set_outline(reading.nodes, True)
    layout.leave()


def pixel(host, tag, voxel):
    """Colour of the T2W voxel (row, column) of the slice shown: the field of view is the grid's, row by row."""
    row, column = (round((index + 0.5) * PIXELS / FIELD_MM) for index in voxel)
    return picture(host.views[tag])[row, column].astype(int)


def is_grey(colour):
    return np.ptp(colour) <= 3


def test_every_view_shows_an_image_and_an_outline_without_covering_the_lesion(host, layout):
    for tag in TAGS.values():
        shown = picture(host.views[tag])
        assert is_grey(pixel(host, tag, INSIDE))
        assert (np.abs(shown.astype(int) - LESION_RGB).max(axis=-1) < 5).sum() > 50


def test_fill_lets_the_image_through(host, layout, reading):
    tag = TAGS[Modality.ADC]
    bare = pixel(host, tag, INSIDE)
    set_outline(reading.nodes, False)
    filled = pixel(host, tag, INSIDE)
    assert filled == pytest.approx((bare + LESION_RGB) / 2, abs=4)
    assert is_grey(pixel(host, tag, OUTSIDE))


def test_the_views_follow_the_slider_before_it_is_let_go(host, layout, reading):
    set_outline(reading.nodes, False)
    assert is_grey(pixel(host, TAGS[Modality.T2W], WIDENED))
    reading.preview(0.3, 1.0)
    assert not is_grey(pixel(host, TAGS[Modality.T2W], WIDENED))


def test_edits_are_drawn_in_their_colour(host, layout, reading):
    reading.set_gate(0.3, 1.0)
    bare = pixel(host, TAGS[Modality.ADC], WIDENED)
    show_edits(reading.nodes, True)
    assert pixel(host, TAGS[Modality.ADC], WIDENED) == pytest.approx((bare + ADDED_RGB) / 2, abs=4)


def test_a_rejected_lesion_disappears_from_the_views(host, layout, reading):
    set_outline(reading.nodes, False)
    reading.decide(1, Decision.REJECTED)
    assert is_grey(pixel(host, TAGS[Modality.T2W], INSIDE))
    reading.undo()
    assert not is_grey(pixel(host, TAGS[Modality.T2W], INSIDE))


def test_hiding_the_ai_leaves_the_bare_images(host, layout, reading):
    set_outline(reading.nodes, False)
    show_ai(reading.nodes, False)
    assert all(is_grey(pixel(host, tag, INSIDE)) for tag in LABELS)
    show_ai(reading.nodes, True)


def test_the_heatmap_colours_its_view_above_the_threshold_only(host, layout, reading):
    similarity = reading.nodes.maps.similarity
    layout.heatmap(similarity, Heatmap(shown=True, opacity=0.7, threshold=0.5))
    assert not is_grey(pixel(host, HEATMAP_TAG, INSIDE))
    assert is_grey(pixel(host, HEATMAP_TAG, OUTSIDE))
    assert is_grey(pixel(host, TAGS[Modality.T2W], INSIDE))
    layout.heatmap(similarity, Heatmap(shown=False))
    assert is_grey(pixel(host, HEATMAP_TAG, INSIDE))


def test_where_nothing_is_similar_the_heatmap_leaves_the_image_as_it_is(host, layout, reading):
    similarity = reading.nodes.maps.similarity
    bare = pixel(host, HEATMAP_TAG, OUTSIDE)
    layout.heatmap(similarity, Heatmap(shown=True, opacity=0.7))
    assert pixel(host, HEATMAP_TAG, OUTSIDE) == pytest.approx(bare, abs=2)
    assert not is_grey(pixel(host, HEATMAP_TAG, INSIDE))
    layout.heatmap(similarity, Heatmap(shown=False))
