"""What the reader sees: the panel's switches in Slicer's own slice views, rendered off screen."""

import numpy as np
import pytest

from ProstateAlignRefineLib.core.palette import ADDED_RGB, LESION_RGB, REMOVED_RGB
from ProstateAlignRefineLib.results.review import Decision

pytest.importorskip("trame_slicer", reason="trame-slicer is not installed: pip install .[slicer-host]")

pytestmark = pytest.mark.slow

CLOSE = 90


@pytest.fixture(scope="module")
def views():
    from host.slice_views import open_host

    return open_host(240, 240)


@pytest.fixture
def look(views):
    """[240, 240, 3] of a view of the reading layout."""
    from host.slice_views import picture

    return lambda tag: picture(views.views[tag]).astype(int)


@pytest.fixture
def host_scene(views):
    """The panel's scene is the one the views show."""
    views.scene.Clear(0)
    return views


def pixels_like(image, colour):
    return int((np.abs(image - np.asarray(colour)).sum(axis=-1) < CLOSE).sum())


def test_the_four_views_show_the_study_and_the_lesion_outline(segmented, look):
    segmented.session.jump(1)
    for tag in ("ReadingT2W", "ReadingADC", "ReadingHBV", "ReadingHeatmap"):
        image = look(tag)
        assert image.std() > 5, tag
        assert pixels_like(image, LESION_RGB) > 20, tag


def test_hiding_the_ai_results_leaves_the_bare_images(segmented, look, events):
    segmented.session.jump(1)
    segmented.ui.heatmapCheck.checked = True
    events.settle()
    coloured = np.ptp(look("ReadingHeatmap"), axis=-1) > 40
    segmented.ui.aiCheck.checked = False
    events.settle()
    bare = np.ptp(look("ReadingHeatmap"), axis=-1) > 40
    assert coloured.sum() > 500
    assert bare.sum() < coloured.sum() / 5


def test_edits_appear_in_their_two_colours(segmented, look, events):
    segmented.session.review.commit(0.2, 1.0)
    segmented.session.jump(1)
    before = {colour: pixels_like(look("ReadingT2W"), colour) for colour in (ADDED_RGB, REMOVED_RGB)}
    segmented.ui.editsCheck.checked = True
    events.settle()
    assert sum(pixels_like(look("ReadingT2W"), colour) for colour in before) > sum(before.values())


def test_a_moving_slider_is_seen_before_it_is_let_go(segmented, look):
    segmented.session.jump(1)
    before = look("ReadingT2W")
    segmented.session.review.preview(0.2, 1.0)
    assert np.abs(look("ReadingT2W") - before).sum() > 0
    assert segmented.session.reading.setting.alpha == pytest.approx(0.25)


def test_after_a_second_run_no_contour_of_the_first_remains(segmented, look, events):
    segmented.ui.heatmapCheck.checked = False  # its hottest colours are near the outline's
    segmented.session.jump(1)
    events.until(lambda: segmented.ui.segmentButton.enabled)
    segmented.ui.segmentButton.click()
    events.until(lambda: not segmented.session.run.running)
    segmented.session.jump(1)
    for found in segmented.session.reading.lesions:
        segmented.session.review.decide(found.lesion.number, Decision.REJECTED)
    for tag in ("ReadingT2W", "ReadingADC", "ReadingHBV", "ReadingHeatmap"):
        assert pixels_like(look(tag), LESION_RGB) == 0, tag
