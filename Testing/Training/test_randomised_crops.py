"""Crops changed at random to learn outlines from: what is where stays true, in mm, on voxels that are no cubes."""

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.network.boundary.evidence import LARGEST_MARGIN
from ProstateAlignRefineLib.network.boundary.refiner import IMAGES, MARGIN_SCALE
from ProstateAlignRefineLib.training.boundary.randomisation import (
    DISPLACED_MM,
    EditCrop,
    displaced,
    disturbed,
    mirrored,
    misjudged,
    reshaped,
    toned,
)

SPACINGS = ((0.75, 0.75, 3.0), (0.5, 1.2, 2.0))
RADIUS_MM = 7.0


def places(spacing: tuple[float, float, float]) -> np.ndarray:
    """[3 (x, y, z), Z, Y, X], mm from the middle of a field of about 36 mm."""
    counts = [round(36 / mm) for mm in spacing]
    axes = [(np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(counts, spacing, strict=True)]
    return np.stack(np.meshgrid(*axes[::-1], indexing="ij")[::-1]).astype(np.float32)


def crop_of(spacing: tuple[float, float, float]) -> EditCrop:
    """A ball beside the middle, seen in each image; behind images and margin, where each voxel lies."""
    where = places(spacing)
    inside = RADIUS_MM - np.sqrt(((where - np.array([3.0, -2.0, 1.0])[:, None, None, None]) ** 2).sum(axis=0))
    images = np.repeat((inside > 0)[None].astype(np.float32), IMAGES, axis=0)
    margin = (inside / 2).clip(-4, 4)[None] * MARGIN_SCALE
    inputs = np.concatenate([images, margin, where]).astype(np.float32)
    return EditCrop(
        torch.from_numpy(inputs), torch.from_numpy(inside > -RADIUS_MM), torch.from_numpy(inside > 0), spacing
    )


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(4))
def test_truth_band_and_inputs_are_reshaped_alike(spacing: tuple[float, float, float], seed: int) -> None:
    crop = crop_of(spacing)
    moved = reshaped(crop, np.random.default_rng(seed))
    where = moved.inputs[IMAGES + 1 :].numpy()
    inside = RADIUS_MM - np.sqrt(((where - np.array([3.0, -2.0, 1.0])[:, None, None, None]) ** 2).sum(axis=0))
    apart = 0.75 * max(spacing)  # linear interpolation of a mask
    for mask, edge in ((moved.truth, 0.0), (moved.band, -RADIUS_MM)):
        assert mask.numpy()[inside > edge + apart].all()
        assert not mask.numpy()[inside < edge - apart].any()
    for channel in range(IMAGES):
        assert torch.equal(moved.inputs[channel] >= 0.5, moved.truth)
    assert not torch.equal(moved.truth, crop.truth)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_shapes_change_by_as_many_mm_along_each_axis(spacing: tuple[float, float, float]) -> None:
    where, crop = places(spacing), crop_of(spacing)
    moves = []
    for seed in range(40):
        moved = reshaped(crop, np.random.default_rng(seed)).inputs[IMAGES + 1 :].numpy()
        moves.append(np.abs(moved - where)[:, crop.truth.numpy()].mean(axis=1))
    x, y, z = np.mean(moves, axis=0)
    assert 0.3 < z < 2.5
    assert 0.4 < x / y < 2.5
    assert 0.4 < z / y < 2.5


@pytest.mark.parametrize("spacing", SPACINGS)
def test_an_image_is_displaced_by_no_more_than_it_may(spacing: tuple[float, float, float]) -> None:
    crop, where = crop_of(spacing), places(spacing)
    lengths = []
    for seed in range(30):
        moved = displaced(crop.inputs[:1], DISPLACED_MM, spacing, np.random.default_rng(seed))[0].numpy()
        by = [(moved * axis).sum() / moved.sum() for axis in where] - np.array(
            [axis[crop.truth.numpy()].mean() for axis in where]
        )
        assert abs(by[2]) < 0.05
        lengths.append(float(np.hypot(by[0], by[1])))
    assert max(lengths) < DISPLACED_MM + 0.1
    assert max(lengths) > 0.8 * DISPLACED_MM


@pytest.mark.parametrize("spacing", SPACINGS)
def test_disturbing_changes_images_alone(spacing: tuple[float, float, float]) -> None:
    crop = crop_of(spacing)
    before = crop.inputs.clone()
    blank = 0
    for seed in range(40):
        other = disturbed(crop, np.random.default_rng(seed))
        assert torch.equal(other.inputs[IMAGES:], before[IMAGES:])
        assert other.truth is crop.truth
        assert other.band is crop.band
        assert bool(torch.isfinite(other.inputs).all())
        assert not torch.equal(other.inputs[:IMAGES], before[:IMAGES])
        empty = [channel for channel in range(IMAGES) if bool((other.inputs[channel] == 0).all())]
        assert len(empty) <= 1
        blank += len(empty)
    assert 1 <= blank <= 15
    assert torch.equal(crop.inputs, before)


def test_the_lesion_stays_where_it_is_in_t2w() -> None:
    """Averaged over many draws, what the disturbed T2W still shows lies where the truth does."""
    crop = crop_of(SPACINGS[0])
    draws = [disturbed(crop, np.random.default_rng(seed)).inputs[0] for seed in range(60)]
    mean = torch.stack([one for one in draws if bool(one.std() > 0)]).mean(dim=0).numpy()
    inside, level = crop.truth.numpy(), (mean.max() + mean.min()) / 2
    shared = (mean > level) & inside
    assert 2 * shared.sum() / ((mean > level).sum() + inside.sum()) > 0.85


def test_curves_rise() -> None:
    values = torch.linspace(-2, 3, 60).reshape(1, 1, 6, 10).expand(IMAGES, 1, 6, 10).contiguous()
    for seed in range(20):
        after = toned(values, 1.0, np.random.default_rng(seed)).reshape(IMAGES, -1)
        assert bool((after.diff(dim=1) > 0).all())
        assert not torch.allclose(after[0], after[1], atol=1e-2)


def test_a_misjudged_margin_is_the_only_change_and_a_margin_still() -> None:
    crop = crop_of(SPACINGS[0])
    rest = [channel for channel in range(len(crop.inputs)) if channel != IMAGES]
    for seed in range(10):
        other = misjudged(crop, np.random.default_rng(seed))
        assert torch.equal(other.inputs[rest], crop.inputs[rest])
        assert not torch.equal(other.inputs[IMAGES], crop.inputs[IMAGES])
        assert float(other.inputs[IMAGES].abs().max()) <= LARGEST_MARGIN * MARGIN_SCALE + 1e-6


def test_left_for_right() -> None:
    crop = crop_of(SPACINGS[1])
    other = mirrored(crop)
    assert torch.equal(other.inputs[0] >= 0.5, other.truth)
    x = torch.from_numpy(places(SPACINGS[1])[0])
    assert float(x[other.truth].mean()) == pytest.approx(-float(x[crop.truth].mean()), abs=1e-4)
    assert torch.equal(other.band.flip(-1), crop.band)
