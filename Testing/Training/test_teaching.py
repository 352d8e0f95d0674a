"""What a network is taught: which mistake costs how much, and what a picture of the patient may become."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.gate import gate_logits
from ProstateAlignRefineLib.network.network import NetworkOutput
from ProstateAlignRefineLib.training.augmentation import Augmented, augment
from ProstateAlignRefineLib.training.config import read_training_config
from ProstateAlignRefineLib.training.losses import (
    SegmentationLossSettings,
    alignment_loss,
    anatomy_loss,
    deep_supervision_loss,
    deep_supervision_weights,
    heatmap_loss,
    lesion_loss,
    segmentation_loss,
    targets_like,
    topk_cross_entropy,
)
from ProstateAlignRefineLib.training.objective import Targets, joint_loss, refiner_loss
from Training.settings import NO_AUGMENTATION

SURE = 30.0


def mask(first: int, last: int) -> torch.Tensor:
    """[1, 1, 4, 8, 10]: a lesion from column `first` to before `last`."""
    lesion = torch.zeros(1, 1, 4, 8, 10)
    lesion[..., first:last] = 1
    return lesion


def sure_of(found: torch.Tensor) -> torch.Tensor:
    """Logits of a network that is sure of this mask."""
    return torch.cat([-SURE * (2 * found - 1), SURE * (2 * found - 1)], dim=1) / 2


def region_term(found: torch.Tensor, true: torch.Tensor, settings: SegmentationLossSettings) -> float:
    logits = sure_of(found)
    whole = segmentation_loss(logits, true, settings)
    return float(whole - topk_cross_entropy(logits, true, settings.top_share, settings.label_smoothing))


@pytest.mark.parametrize(
    ("found", "tversky"),
    [((2, 6), 0.0), ((2, 8), 1 - 4 / (4 + 2 * 0.3)), ((2, 4), 1 - 2 / (2 + 2 * 0.7)), ((6, 8), 1.0)],
    ids=["right", "two columns too many", "two columns missed", "beside it"],
)
def test_a_missed_part_of_a_lesion_costs_more_than_as_much_too_many(found, tversky):
    """Tversky with alpha 0.3 for false positives, beta 0.7 for false negatives, of 4 columns; focal: to the 1.5th."""
    true = mask(2, 6)
    settings = SegmentationLossSettings(region="tversky", alpha=0.3, beta=0.7)
    assert region_term(mask(*found), true, settings) == pytest.approx(tversky, abs=1e-4)
    focal = replace(settings, region="focal_tversky", gamma=1.5)
    assert region_term(mask(*found), true, focal) == pytest.approx(tversky**1.5, abs=1e-4)


def test_the_dice_term_is_minus_dice_of_the_lesion_alone():
    true = mask(2, 6)
    settings = SegmentationLossSettings(region="dice")
    assert region_term(mask(2, 6), true, settings) == pytest.approx(-1.0, abs=1e-4)
    assert region_term(mask(2, 4), true, settings) == pytest.approx(-2 * 2 / (2 + 4), abs=1e-4)
    assert region_term(mask(7, 9), true, settings) == pytest.approx(0.0, abs=1e-4)


def test_the_region_term_is_that_of_the_whole_batch():
    """Missed in one image, right in the other: not the mean of two terms, or a small lesion would weigh too much."""
    true, found = torch.cat([mask(0, 1), mask(0, 6)]), torch.cat([mask(0, 0), mask(0, 6)])
    settings = SegmentationLossSettings(region="tversky")
    assert region_term(found, true, settings) == pytest.approx(1 - 6 / (6 + 0.7), abs=1e-4)


def test_the_hardest_tenth_of_the_voxels_is_the_cross_entropy():
    """Of 100 voxels 5 wrong by 8 logits: the tenth holds them and five right ones."""
    logits = torch.zeros(1, 2, 1, 10, 10)
    logits[:, 0] = 4.0
    logits[:, 1] = -4.0
    target = torch.zeros(1, 1, 1, 10, 10)
    target[..., 0, :5] = 1
    wrong, right = np.log1p(np.exp(8.0)), np.log1p(np.exp(-8.0))
    assert float(topk_cross_entropy(logits, target, 0.1, 0.0)) == pytest.approx((wrong + right) / 2, rel=1e-5)
    assert float(topk_cross_entropy(logits, target, 1.0, 0.0)) == pytest.approx(0.05 * wrong + 0.95 * right, rel=1e-5)
    assert float(topk_cross_entropy(logits, target, 1e-6, 0.0)) == pytest.approx(wrong, rel=1e-5)
    smoothed = 0.975 * wrong + 0.025 * right
    assert float(topk_cross_entropy(logits, target, 0.05, 0.05)) == pytest.approx(smoothed, rel=1e-5)


def test_finer_levels_weigh_more_and_the_coarsest_nothing():
    assert deep_supervision_weights(1) == (1.0,)
    assert deep_supervision_weights(2) == (1.0, 0.0)
    assert deep_supervision_weights(4) == pytest.approx((4 / 7, 2 / 7, 1 / 7, 0))
    true = mask(2, 6)
    settings = SegmentationLossSettings()
    good, bad = sure_of(true), sure_of(mask(7, 9))
    finest, second = (
        float(deep_supervision_loss(levels, [true] * 3, settings)) for levels in ([bad, good, good], [good, bad, good])
    )
    alone, right = float(segmentation_loss(bad, true, settings)), float(segmentation_loss(good, true, settings))
    assert finest == pytest.approx((2 * alone + right) / 3, rel=1e-5)
    assert second == pytest.approx((alone + 2 * right) / 3, rel=1e-5)


def test_a_coarse_target_is_the_fine_one_thinned_out_not_blurred():
    """Every second column, whole: a lesion that begins between two does not become half a lesion."""
    (coarse,) = targets_like(mask(1, 6), [torch.zeros(1, 2, 2, 4, 5)])
    assert coarse[0, 0, 0, 0].tolist() == [1, 1, 1, 0, 0]


def test_alignment_is_one_minus_the_similarity_in_the_lesion():
    similarity = torch.full((1, 1, 4, 8, 10), 0.9)
    similarity[..., 2:4], similarity[..., 4:6] = 0.2, 0.6
    assert float(alignment_loss(similarity, mask(2, 6))) == pytest.approx(0.6)


def test_heat_outside_the_lesion_costs_as_cold_inside_does():
    true = mask(0, 5)  # half of the voxels
    for kind in ("plain", "balanced", "tempered"):
        assert float(heatmap_loss(sure_of(true)[:, 1:], true, kind)) < 1e-3
        cold = float(heatmap_loss(torch.full_like(true, -3.0), true, kind))
        hot = float(heatmap_loss(torch.full_like(true, 3.0), true, kind))
        assert cold == pytest.approx((np.log1p(np.exp(3.0)) + np.log1p(np.exp(-3.0))) / 2, rel=1e-4)
        assert hot == pytest.approx(cold, rel=1e-4)


def zones() -> torch.Tensor:
    """[1, 1, 4, 8, 10] codes: outside but for peripheral and transition zone in two corners."""
    codes = torch.zeros(1, 1, 4, 8, 10)
    codes[..., :2, :2], codes[..., 6:, 8:] = GlandZone.PERIPHERAL, GlandZone.TRANSITION
    return codes


def told(codes: torch.Tensor) -> torch.Tensor:
    """Logits of a network that is sure of these codes."""
    return torch.nn.functional.one_hot(codes[:, 0].long(), len(GlandZone)).movedim(-1, 1) * SURE


def test_what_lies_outside_the_gland_does_not_soften_its_loss():
    """Both zones missed, nine tenths of the image right as background: the Dice of the zones counts, theirs is 0.

    Counted, the background's Dice of 0.95 would take a fifth off.
    """
    true = zones()
    nothing = told(torch.zeros_like(true))
    cross_entropy = SURE * float((true > 0).float().mean())
    present_of_four = 0.5  # central zone and stroma are neither there nor told: a Dice of 1 each
    assert float(anatomy_loss(nothing, true)) == pytest.approx(present_of_four + cross_entropy, rel=0.02)
    assert float(anatomy_loss(told(true), true)) < 1e-3


def test_zones_are_compared_at_the_heads_size_code_by_code():
    true = zones()
    coarse = told(true[..., ::2, ::2, ::2])
    assert float(anatomy_loss(coarse, true)) < 1e-3


@pytest.fixture
def output() -> NetworkOutput:
    noise = torch.Generator().manual_seed(3)
    base = [torch.randn(1, 2, 4, 8, 10, generator=noise), torch.randn(1, 2, 2, 4, 5, generator=noise)]
    heat = torch.randn(1, 1, 4, 8, 10, generator=noise)
    refined = base[0] + torch.randn(1, 2, 4, 8, 10, generator=noise)
    anatomy = torch.randn(1, 5, 2, 4, 5, generator=noise)
    return NetworkOutput(base, refined, torch.sigmoid(heat), heat, anatomy)


def test_the_joint_loss_is_the_weighted_sum_of_its_parts(output):
    settings = read_training_config("starter").loss
    targets = Targets(mask(2, 6), zones())
    loss = joint_loss(output, targets, settings, 0.4)
    parts = loss.parts
    assert set(parts) == {"segmentation", "alignment", "heatmap", "anatomy"}
    auxiliary = settings.alignment_weight * parts["alignment"] + settings.heatmap_weight * parts["heatmap"]
    expected = parts["segmentation"] + 0.4 * auxiliary + settings.anatomy_weight * parts["anatomy"]
    assert float(loss.total) == pytest.approx(expected, rel=1e-5)
    assert parts["anatomy"] == pytest.approx(float(anatomy_loss(output.anatomy_logits, targets.zones)))
    without = joint_loss(output, targets, settings, 0.0)
    assert float(without.total) == pytest.approx(expected - 0.4 * auxiliary, rel=1e-5)
    assert set(joint_loss(output, Targets(mask(2, 6)), settings, None).parts) == {"segmentation"}
    each = joint_loss(output, targets, replace(settings, lesion_weight=0.3), 0.4)
    assert each.parts["lesions"] == pytest.approx(float(lesion_loss(output.base_logits[0], targets.lesions)))
    assert float(each.total) == pytest.approx(expected + 0.3 * each.parts["lesions"], rel=1e-5)


def test_the_refiner_is_judged_by_what_the_gate_lets_through(output):
    config = read_training_config("starter")
    bundle = replace(config.bundle, tau=0.6, alpha=0.3)
    loss = refiner_loss(output, Targets(mask(2, 6)), config.loss, bundle)
    base = output.base_logits[0]
    confidence = base.softmax(dim=1)[:, 1:]
    gated = gate_logits(base, output.refined_logits, confidence, 0.6, 0.3)
    levels = [gated, *output.base_logits[1:]]
    expected = deep_supervision_loss(levels, targets_like(mask(2, 6), levels), config.loss.segmentation)
    assert float(loss.total) == pytest.approx(float(expected), rel=1e-5)
    unedited = deep_supervision_loss(output.base_logits, targets_like(mask(2, 6), levels), config.loss.segmentation)
    assert loss.parts["unedited"] == pytest.approx(float(unedited), rel=1e-5)
    assert loss.parts["segmentation"] == pytest.approx(float(expected), rel=1e-5)


def test_edits_that_the_gate_holds_back_leave_both_logged_losses_alike(output):
    config = read_training_config("starter")
    shut = replace(config.bundle, alpha=0.0)
    # The coarsest level never counts, so that a second below the finest is needed.
    coarsest = torch.randn(1, 2, 1, 2, 2, generator=torch.Generator().manual_seed(4))
    output = replace(output, base_logits=[*output.base_logits, coarsest])
    parts = refiner_loss(output, Targets(mask(2, 6)), config.loss, shut).parts
    assert parts["unedited"] == pytest.approx(parts["segmentation"], rel=1e-6)


def turned(image: torch.Tensor, target: torch.Tensor, codes: torch.Tensor | None = None, **changed) -> Augmented:
    settings = replace(NO_AUGMENTATION, rotation=1.0, rotation_degrees=40.0, **changed)
    return augment(image, target, settings, np.random.default_rng(2), codes)


def test_turning_keeps_every_zone_one_of_the_codes():
    """Between peripheral zone (1) and stroma (4) lies no central zone (3), nor half of one."""
    codes = torch.zeros(1, 2, 40, 60)
    codes[..., 10:30, 15:30], codes[..., 10:30, 30:45] = GlandZone.PERIPHERAL, GlandZone.ANTERIOR_STROMA
    found = turned(torch.zeros(3, 2, 40, 60), (codes > 0).float(), codes)
    assert set(found.zones.unique().tolist()) == {0.0, 1.0, 4.0}
    assert ((found.zones > 0) == (found.target > 0)).float().mean() > 0.98


def test_a_round_lesion_stays_round_in_an_oblong_patch():
    """Turned, not sheared: as wide, high and large as before, and where the turn puts it."""
    rows, columns = torch.meshgrid(torch.arange(40.0) - 19.5, torch.arange(80.0) - 39.5, indexing="ij")
    disc = (((columns - 12) ** 2 + rows**2) < 49).float()[None, None].repeat(1, 2, 1, 1)
    found = turned(disc.repeat(3, 1, 1, 1), disc)
    angle = np.radians(np.random.default_rng(2).uniform(-1, 1) * 40.0)
    places = found.target[0, 0].nonzero().float()
    height, width = (places.max(0).values - places.min(0).values + 1).tolist()
    assert (height, width) == pytest.approx((14, 14), abs=1)
    assert float(found.target.sum()) == pytest.approx(float(disc.sum()), rel=0.04)
    y, x = (places.mean(0) - torch.tensor([19.5, 39.5])).tolist()
    # A sampling grid turned one way turns what it samples the other way.
    assert (x, y) == pytest.approx((12 * np.cos(angle), -12 * np.sin(angle)), abs=0.5)
    assert torch.equal((found.image[0] > 0.5).float(), found.target[0])


@pytest.mark.parametrize("zoom", [1.5, 0.75])
def test_a_zoom_above_one_enlarges_and_one_below_shrinks(zoom):
    disc = torch.zeros(1, 2, 40, 60)
    disc[..., 15:25, 20:40] = 1
    settings = replace(NO_AUGMENTATION, scaling=1.0, scale=(zoom, zoom))
    found = augment(disc.repeat(3, 1, 1, 1), disc, settings, np.random.default_rng(0))
    assert float(found.target.sum() / disc.sum()) == pytest.approx(zoom**2, rel=0.1)


def test_the_borders_of_a_turned_patch_hold_tissue_not_a_black_wedge():
    bright = torch.full((3, 2, 40, 60), 5.0)
    found = turned(bright, torch.zeros(1, 2, 40, 60))
    torch.testing.assert_close(found.image, bright)


def test_misalignment_is_a_shift_of_at_most_twice_its_share_of_half_the_patch():
    """Along each axis of its own: 5 % of half of 80 columns and 40 rows, twice, are 4 and 2 voxels."""
    image = torch.zeros(3, 2, 40, 80)
    image[..., 20, 40] = 100.0
    settings = replace(NO_AUGMENTATION, misalignment=1.0, shift_share=0.05)
    moved = []
    for seed in range(40):
        found = augment(image, image[:1], settings, np.random.default_rng(seed)).image
        adc, hbv = found[1, 0], found[2, 0]
        assert torch.equal(adc, hbv)
        rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(80.0), indexing="ij")
        moved.append([float((adc * rows).sum() / adc.sum()) - 20, float((adc * columns).sum() / adc.sum()) - 40])
    for reached in (np.max(moved, axis=0), -np.min(moved, axis=0)):  # either way
        assert 1.2 < reached[0] <= 2.0
        assert 2.4 < reached[1] <= 4.0


def test_mirroring_takes_the_zones_along():
    codes = zones()[0]
    settings = replace(NO_AUGMENTATION, mirror=1.0, mirror_axes=("x", "z"))
    found = augment(torch.zeros(3, 4, 8, 10), (codes > 0).float(), settings, np.random.default_rng(0), codes)
    assert torch.equal(found.zones, codes.flip((-1, -3)))
    assert torch.equal(found.target, (codes > 0).float().flip((-1, -3)))
    assert found.flipped == (-1, -3)
    assert found.sides_swapped
