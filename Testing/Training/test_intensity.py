"""What a channel's grey values may become in training: by how much, and what stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.training.intensity import IntensitySettings, change_intensity
from Training.settings import NO_INTENSITY


@pytest.fixture
def channel() -> torch.Tensor:
    return torch.randn(4, 24, 30, generator=torch.Generator().manual_seed(5))


def only(**one: float) -> IntensitySettings:
    return replace(NO_INTENSITY, **one)


def test_brightness_multiplies_by_three_to_five_quarters_and_noise_stays_below_a_third_of_a_deviation(channel):
    factors, deviations = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        bright = change_intensity(channel, only(brightness=1.0), rng)
        factors.append(float((bright / channel).mean()))
        torch.testing.assert_close(bright, channel * factors[-1])
        deviations.append(float((change_intensity(channel, only(noise=1.0), rng) - channel).std()))
    assert (min(factors), max(factors)) == pytest.approx((0.75, 1.25), abs=0.05)
    assert 0.2 < max(deviations) < 0.32


def test_contrast_keeps_mean_and_range_blur_and_resolution_keep_the_mean_and_every_slice_by_itself(channel):
    contrast = change_intensity(channel, only(contrast=1.0), np.random.default_rng(3))
    assert float(contrast.mean()) == pytest.approx(float(channel.mean()), abs=0.01)
    assert channel.min() <= contrast.min()
    assert contrast.max() <= channel.max()
    for settings in (only(blur=1.0), only(low_resolution=1.0)):
        for seed in range(4):
            slices = channel.clone()
            slices[2] = 0.0
            softer = change_intensity(slices, settings, np.random.default_rng(seed))
            assert softer.shape == channel.shape
            assert not softer[2].any()
            assert float(softer.std()) < float(slices.std())
            assert float(softer.mean()) == pytest.approx(float(slices.mean()), abs=0.05)


def test_a_blurred_point_is_a_gaussian_in_plane():
    point = torch.zeros(3, 21, 21)
    point[1, 10, 10] = 1.0
    same_draws = np.random.default_rng(0)
    same_draws.random(2)  # whether there is noise, whether there is blur
    width = same_draws.uniform(0.5, 1.0)
    soft = change_intensity(point, only(blur=1.0), np.random.default_rng(0))
    assert float(soft.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(soft[1, 10, 11] / soft[1, 10, 10]) == pytest.approx(np.exp(-0.5 / width**2), rel=1e-4)
    assert float(soft[1, 12, 10] / soft[1, 10, 10]) == pytest.approx(np.exp(-2 / width**2), rel=1e-3)


def test_gamma_keeps_order_mean_and_deviation(channel):
    inverted = 0
    for seed in range(12):
        changed = change_intensity(channel, only(gamma=1.0), np.random.default_rng(seed))
        assert torch.equal(changed.flatten().argsort(), channel.flatten().argsort())
        assert float(changed.mean()) == pytest.approx(float(channel.mean()), abs=1e-3)
        assert float(changed.std()) == pytest.approx(float(channel.std()), abs=1e-3)
        inverted += bool(not torch.allclose(changed, channel, atol=1e-3))
    assert inverted > 8
