"""The losses give the numbers the authors' code gives, and behave at the edges."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
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
)

RELATIVE = 1e-5


@pytest.fixture
def values(reference_vectors: Path) -> dict:
    return json.loads((reference_vectors / "values.json").read_text())


@pytest.fixture
def tensors(reference_vectors: Path) -> dict[str, torch.Tensor]:
    with np.load(reference_vectors / "arrays.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files if not name.startswith("metric")}


@pytest.mark.parametrize("region", ["dice", "tversky", "focal_tversky"])
def test_segmentation_losses_equal_the_reference(region: str, values: dict, tensors: dict) -> None:
    settings = SegmentationLossSettings(region=region)
    logits = [tensors[f"logits_{i}"] for i in range(3)]
    targets = [tensors[f"target_{i}"] for i in range(3)]
    expected = values[f"{region}_topk"]
    assert deep_supervision_weights(3) == pytest.approx(expected["deep_supervision_weights"])
    assert float(segmentation_loss(logits[0], targets[0], settings)) == pytest.approx(
        expected["full_resolution_only"], rel=RELATIVE
    )
    assert float(deep_supervision_loss(logits, targets, settings)) == pytest.approx(
        expected["deep_supervision"], rel=RELATIVE
    )


@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_auxiliary_losses_equal_the_reference(scale: float, values: dict, tensors: dict) -> None:
    expected = values[f"auxiliary_scale_{scale}"]
    align = float(alignment_loss(tensors["similarity"], tensors["target_0"]))
    heat = float(heatmap_loss(tensors["similarity"].logit(), tensors["target_0"]))
    assert align == pytest.approx(expected["align_raw"], rel=RELATIVE)
    assert heat == pytest.approx(expected["heat_raw"], rel=RELATIVE)
    assert scale * (0.2 * align + 0.5 * heat) == pytest.approx(expected["total"], rel=RELATIVE)


def test_tempered_heatmap_loss_lies_between_plain_and_balanced() -> None:
    """Of one lesion voxel in 100, missed, and nothing else wrong: 1 %, about 9 % and half the weight."""
    target = torch.zeros(1, 1, 1, 10, 10)
    target[..., 0, 0] = 1
    missed = torch.full_like(target, -30.0)
    assert float(heatmap_loss(missed, target, "plain")) == pytest.approx(0.3, rel=1e-3)
    assert float(heatmap_loss(missed, target, "tempered")) == pytest.approx(30 * 99**0.5 / (99 + 99**0.5), rel=1e-3)
    assert float(heatmap_loss(missed, target, "balanced")) == pytest.approx(15.0, rel=1e-3)
    nothing = torch.zeros_like(target)
    assert float(heatmap_loss(missed + 30, nothing, "tempered")) == pytest.approx(np.log(2), rel=1e-4)


def test_the_anatomy_loss_falls_with_every_zone_that_is_right() -> None:
    zones = torch.zeros(1, 1, 2, 8, 8)
    zones[..., 4:, :4], zones[..., 4:, 4:] = 1, 2
    right = torch.nn.functional.one_hot(zones[0, 0].long(), 5).permute(3, 0, 1, 2)[None] * 20.0
    half_wrong = right.roll(4, dims=-1)
    coarse = right[..., ::2, ::2]
    assert float(anatomy_loss(coarse, zones)) == pytest.approx(float(anatomy_loss(right, zones)), abs=0.02)
    assert float(anatomy_loss(right, zones)) < 0.6 < float(anatomy_loss(half_wrong, zones))


def test_balanced_heatmap_loss_weighs_one_lesion_voxel_like_the_whole_background() -> None:
    similarity = torch.full((1, 1, 4, 8, 8), 0.1)
    target = torch.zeros_like(similarity)
    target[0, 0, 2, 4, 4] = 1
    expected = 0.5 * (-np.log(0.1) - np.log(0.9))
    assert float(heatmap_loss(similarity.logit(), target, "balanced")) == pytest.approx(expected, rel=1e-5)


def test_losses_without_foreground_are_finite_and_have_a_gradient() -> None:
    similarity = torch.full((1, 1, 2, 4, 4), 0.3, requires_grad=True)
    logits = torch.zeros(1, 2, 2, 4, 4, requires_grad=True)
    target = torch.zeros(1, 1, 2, 4, 4)
    assert alignment_loss(similarity, target).item() == 0.0
    assert heatmap_loss(similarity.logit(), target, "balanced").item() == pytest.approx(-np.log(0.7), rel=1e-5)
    segmentation_loss(logits, target, SegmentationLossSettings()).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.abs().sum() > 0


def test_targets_follow_the_size_of_each_level() -> None:
    target = torch.zeros(1, 1, 4, 8, 8)
    target[..., 4:] = 1
    levels = targets_like(target, [torch.zeros(1, 2, 4, 8, 8), torch.zeros(1, 2, 2, 4, 4)])
    assert levels[1].shape == (1, 1, 2, 4, 4)
    assert levels[1].mean() == 0.5


def test_an_unknown_region_loss_is_refused() -> None:
    with pytest.raises(InputError, match="focal_tversky"):
        SegmentationLossSettings(region="lovasz")  # type: ignore[arg-type]


def logits_of(probability: np.ndarray) -> torch.Tensor:
    """[1, 2, Z, Y, X] whose softmax has this foreground."""
    foreground = torch.from_numpy(np.log(probability / (1 - probability)).astype(np.float32))
    return torch.stack([torch.zeros_like(foreground), foreground])[None]


def test_each_lesion_counts_alike_however_large_it_is() -> None:
    target = np.zeros((3, 24, 24), bool)
    target[1, 2:4, 2:4] = True
    target[:, 10:20, 8:21] = True
    missed_small, missed_large = (np.full(target.shape, 1e-6) for _ in range(2))
    missed_small[:, 10:20, 8:21] = 1 - 1e-6
    missed_large[1, 2:4, 2:4] = 1 - 1e-6
    small, large = (
        float(lesion_loss(logits_of(p), torch.from_numpy(target)[None, None])) for p in (missed_small, missed_large)
    )
    assert small == pytest.approx(0.5 * (1 - 1 / (4 + 1)), abs=0.01)
    assert large == pytest.approx(0.5 * (1 - 1 / (3 * 10 * 13 + 1)), abs=0.01)


def test_the_loss_a_lesion_is_that_of_its_surroundings_by_hand() -> None:
    """One voxel right, one beside it wrong, one far away wrong: the last belongs to no lesion."""
    target, said = np.zeros((1, 9, 9), bool), np.full((1, 9, 9), 1e-7)
    target[0, 4, 4] = True
    said[0, 4, 4], said[0, 4, 6], said[0, 0, 0] = 1 - 1e-7, 1 - 1e-7, 1 - 1e-7
    loss = float(lesion_loss(logits_of(said), torch.from_numpy(target)[None, None]))
    assert loss == pytest.approx(1 - (2 + 1) / (2 + 1 + 1), abs=1e-4)


def test_without_lesions_the_loss_a_lesion_is_zero_and_has_a_gradient() -> None:
    logits = torch.zeros(1, 2, 2, 4, 4, requires_grad=True)
    loss = lesion_loss(logits, torch.zeros(1, 1, 2, 4, 4))
    loss.backward()
    assert float(loss.detach()) == 0
    assert not logits.grad.any()
