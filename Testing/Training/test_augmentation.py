"""Augmentation changes image and target alike, says when it swaps the sides, and leaves what it must."""

from dataclasses import replace

import numpy as np
import torch

from ProstateAlignRefineLib.training.augmentation import Rescaling, augment
from ProstateAlignRefineLib.training.intensity import IntensitySettings
from ProstateAlignRefineLib.training.zone_contrast import ZoneContrast
from Training.settings import NO_AUGMENTATION


def noise_image() -> torch.Tensor:
    return torch.randn(3, 8, 24, 24, generator=torch.Generator().manual_seed(0))


def test_no_augmentation_changes_nothing() -> None:
    image = noise_image()
    changed = augment(image, (image[:1] > 1).float(), NO_AUGMENTATION, np.random.default_rng(0))
    assert torch.equal(changed.image, image)
    assert not changed.sides_swapped


def test_space_changes_image_and_target_alike() -> None:
    target = torch.zeros(1, 8, 40, 40)
    target[:, 2:6, 8:20, 22:34] = 1
    settings = replace(NO_AUGMENTATION, rotation=1.0, rotation_degrees=30.0, scaling=1.0, scale=(0.8, 1.25), mirror=0.5)
    for seed in range(5):
        changed = augment(target.repeat(3, 1, 1, 1), target, settings, np.random.default_rng(seed))
        assert torch.equal((changed.image > 0.5).float()[:1], changed.target)
        assert not torch.equal(changed.target, target)
        assert set(changed.target.unique().tolist()) == {0.0, 1.0}


def test_only_a_left_right_flip_swaps_the_sides() -> None:
    image = noise_image()
    for axis, dimension in (("x", 3), ("y", 2), ("z", 1)):
        settings = replace(NO_AUGMENTATION, mirror=1.0, mirror_axes=(axis,))
        changed = augment(image, image[:1], settings, np.random.default_rng(0))
        assert torch.equal(changed.image, image.flip(dimension))
        assert changed.sides_swapped == (axis == "x")


def test_misalignment_moves_adc_and_hbv_but_neither_t2w_nor_target() -> None:
    image = torch.randn(1, 8, 40, 40, generator=torch.Generator().manual_seed(0)).repeat(3, 1, 1, 1)
    target = (image[:1] > 1).float()
    settings = replace(NO_AUGMENTATION, misalignment=1.0, shift_share=0.05)
    changed = augment(image, target, settings, np.random.default_rng(0))
    assert torch.equal(changed.target, target)
    assert torch.allclose(changed.image[0], image[0], atol=1e-4)
    assert torch.equal(changed.image[1], changed.image[2])
    assert (changed.image[1] - image[1]).abs().mean() > 0.1


def test_modality_dropout_blanks_one_channel_as_often_as_its_share_says() -> None:
    image = noise_image()
    settings = replace(NO_AUGMENTATION, modality_dropout=(0.5, 0.1, 0.2))
    blanked = []
    for seed in range(200):
        changed = augment(image, image[:1], settings, np.random.default_rng(seed)).image
        blank = [n for n in range(3) if not changed[n].any()]
        assert len(blank) <= 1
        blanked.extend(blank)
    for channel, share in enumerate(settings.modality_dropout):
        assert abs(blanked.count(channel) / 200 - share) < 0.1
    assert image[0].any()


def test_intensity_keeps_the_target_and_finite_values() -> None:
    image = noise_image()
    target = (image[:1] > 1).float()
    settings = replace(NO_AUGMENTATION, intensity=IntensitySettings(1, 1, 1, 1, 1, 1))
    changed = augment(image, target, settings, np.random.default_rng(0))
    assert torch.equal(changed.target, target)
    assert torch.isfinite(changed.image).all()
    assert (changed.image - image).abs().mean() > 0.1


def test_every_channel_is_rescaled_within_its_own_bounds() -> None:
    image = noise_image()
    plain = Rescaling((1.0, 1.0), (0.0, 0.0))
    settings = replace(
        NO_AUGMENTATION,
        rescaling=1,
        rescalings=(Rescaling((0.5, 2.0), (0.0, 0.0)), plain, Rescaling((1.0, 1.0), (-1, 1))),
    )
    factors, shifts = [], []
    for seed in range(30):
        changed = augment(image, image[:1], settings, np.random.default_rng(seed)).image
        factors.append(float((changed[0] / image[0]).mean()))
        shifts.append(float((changed[2] - image[2]).mean()))
        assert torch.allclose(changed[0], image[0] * factors[-1], atol=1e-4)
        assert torch.equal(changed[1], image[1])
        assert torch.allclose(changed[2], image[2] + shifts[-1], atol=1e-4)
    assert 0.5 <= min(factors) < 0.8
    assert 1.25 < max(factors) <= 2.0
    assert -1 <= min(shifts) < -0.5
    assert 0.5 < max(shifts) <= 1


def test_zones_get_another_brightness_on_t2w_alone_and_keep_what_is_in_them() -> None:
    image, zones = noise_image(), torch.zeros(1, 8, 24, 24)
    zones[:, :, 6:18, 6:18] = 2
    settings = replace(NO_AUGMENTATION, zone_contrast=ZoneContrast(1.0, 0.8))
    changed = augment(image, image[:1], settings, np.random.default_rng(0), zones)
    assert torch.equal(changed.image[1:], image[1:])
    step = changed.image[0] - image[0]
    inside, outside = step[:, 8:16, 8:16], step[:, :4, :4]
    assert float(inside.std()) < 1e-6
    assert float(outside.std()) < 1e-6
    assert abs(float(inside.mean() - outside.mean())) > 0.1
    assert float(step.abs().max()) <= 0.8
    never = replace(settings, zone_contrast=ZoneContrast(0.0, 0.8))
    assert torch.equal(augment(image, image[:1], never, np.random.default_rng(0), zones).image, image)
