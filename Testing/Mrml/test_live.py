# ruff: noqa: E402 - without slicer-core the whole file is skipped, before anything that needs it is imported
import numpy as np
import pytest

from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.maps import Maps

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from ProstateAlignRefineLib.results.setting import Paint
from ProstateAlignRefineLib.scene.live import ADDED_ID, MASK_ID, REMOVED_ID, LiveGate, Movable
from ProstateAlignRefineLib.scene.oriented import write_mask
from ProstateAlignRefineLib.scene.segmentation import LABELMAP, add_segmentation

SETTINGS = [(0.0, 0.0), (0.0, 1.0), (0.35, 0.25), (0.5, 0.5), (0.5, 1.0), (0.95, 1.0), (1.0, 1.0)]


@pytest.fixture
def noise(grid):
    rng = np.random.default_rng(3)
    base, refined = (rng.normal(0, 2, grid.shape).astype(np.float32) for _ in range(2))
    confidence = (1 / (1 + np.exp(-base))).astype(np.float32)
    confidence[:2] = 0
    return Maps(grid, base, refined, confidence, confidence)


@pytest.fixture
def node(scene, inputs):
    return add_segmentation(scene, inputs.t2w, "review")


def in_scene(node, segment_id, grid):
    labels = np.zeros(grid.shape, np.uint8)
    segment = node.GetSegmentation().GetSegment(segment_id)
    write_mask(labels, segment.GetRepresentation(LABELMAP), segment.GetLabelValue(), grid, 1)
    return labels > 0


@pytest.mark.parametrize(("tau", "alpha"), SETTINGS)
def test_a_tick_shows_exactly_what_the_gate_says(node, noise, grid, tau, alpha):
    counts = LiveGate(node, noise, Paint()).move(tau, alpha)
    gated = apply_gate(noise, tau, alpha)
    assert np.array_equal(in_scene(node, MASK_ID, grid), gated.mask)
    assert np.array_equal(in_scene(node, ADDED_ID, grid), gated.edits == 1)
    assert np.array_equal(in_scene(node, REMOVED_ID, grid), gated.edits == 2)
    assert (counts.mask, counts.added, counts.removed) == (
        gated.mask.sum(),
        (gated.edits == 1).sum(),
        (gated.edits == 2).sum(),
    )


def test_ticks_leave_nothing_of_earlier_ticks(node, noise, grid):
    gate = LiveGate(node, noise, Paint())
    for tau, alpha in [*SETTINGS, *reversed(SETTINGS)]:
        gate.move(tau, alpha)
    assert np.array_equal(in_scene(node, MASK_ID, grid), apply_gate(noise, *SETTINGS[0]).mask)


def test_a_tick_tells_the_views(node, noise):
    gate = LiveGate(node, noise, Paint())
    heard = []
    event = slicer.vtkSegmentation.SourceRepresentationModified
    node.GetSegmentation().AddObserver(event, lambda *_: heard.append(1))
    gate.move(0.2, 0.9)
    assert heard


def test_painted_voxels_do_not_move(node, noise, grid):
    added = np.flatnonzero(~apply_gate(noise, 0.0, 1.0).mask)[:5]
    erased = np.flatnonzero(apply_gate(noise, 0.0, 0.0).mask)[:5]
    gate = LiveGate(node, noise, Paint(added, erased))
    for tau, alpha in SETTINGS:
        gate.move(tau, alpha)
        mask = in_scene(node, MASK_ID, grid).ravel()
        assert mask[added].all()
        assert not mask[erased].any()


def test_only_voxels_that_can_change_are_touched(maps):
    movable = Movable.of(maps, Paint())
    assert movable.index.size == 3 * 6 + 2 * 4
    assert movable.box.shape == (4, 14, 20)


def test_maps_without_a_lesion_give_an_empty_mask(node, grid):
    nothing = np.full(grid.shape, -5.0, np.float32)
    counts = LiveGate(node, Maps(grid, nothing, nothing, nothing * 0, nothing * 0), Paint()).move(0.3, 1.0)
    assert (counts.mask, counts.added, counts.removed) == (0, 0, 0)
