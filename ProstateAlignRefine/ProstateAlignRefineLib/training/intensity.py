"""Changes of one channel's intensities, after nnU-Net."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class IntensitySettings:
    """The probability of each change, a channel."""

    noise: float
    blur: float
    brightness: float
    contrast: float
    low_resolution: float
    gamma: float


def change_intensity(channel: Tensor, settings: IntensitySettings, rng: np.random.Generator) -> Tensor:
    """One z-scored channel [Z, Y, X]."""
    if rng.random() < settings.noise:
        noise = rng.standard_normal(channel.shape, dtype=np.float32)
        channel = channel + torch.from_numpy(noise) * rng.uniform(0.0, 0.3)
    if rng.random() < settings.blur:
        channel = _blurred(channel, float(rng.uniform(0.5, 1.0)))
    if rng.random() < settings.brightness:
        channel = channel * rng.uniform(0.75, 1.25)
    if rng.random() < settings.contrast:
        mean = channel.mean()
        channel = ((channel - mean) * rng.uniform(0.75, 1.25) + mean).clamp(channel.min(), channel.max())
    if rng.random() < settings.low_resolution:
        channel = _low_resolution(channel, float(rng.uniform(0.5, 1.0)))
    if rng.random() < settings.gamma:
        channel = _gamma(channel, float(rng.uniform(0.7, 1.5)), bool(rng.random() < 0.25))
    return channel


def _blurred(channel: Tensor, sigma: float) -> Tensor:
    """Gaussian blur in plane, sigma in voxels."""
    offsets = torch.arange(-3, 4, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    slices = F.pad(channel[:, None], (3, 3, 3, 3), mode="replicate")
    return F.conv2d(F.conv2d(slices, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))[:, 0]


def _low_resolution(channel: Tensor, share: float) -> Tensor:
    """In plane down to `share` of the voxels a side, and back."""
    size = [max(1, round(n * share)) for n in channel.shape[1:]]
    low = F.interpolate(channel[:, None], size, mode="nearest-exact")
    return F.interpolate(low, channel.shape[1:], mode="bilinear")[:, 0]


def _gamma(channel: Tensor, exponent: float, inverted: bool) -> Tensor:
    """Gamma on the channel's own range; mean and deviation are kept."""
    values = -channel if inverted else channel
    low, span = values.min(), values.max() - values.min()
    changed = ((values - low) / span.clamp(min=1e-6)) ** exponent
    changed = (changed - changed.mean()) / changed.std().clamp(min=1e-6) * values.std() + values.mean()
    return -changed if inverted else changed
