"""nnU-Net's kinds of augmentation, on the fly, on one patch; every draw comes from the generator given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AugmentationSettings:
    """Probabilities a patch (spatial) or a channel (intensity); magnitudes after nnU-Net.

    `rotation_degrees`: in plane, either way. `scale`: lowest and highest zoom. `shift_mm_share`: how far ADC and HBV
    move together against T2W, as a share of the patch (0.02 of 80 mm is 1.6 mm). `mirror`: probability of a left-right
    flip.
    """

    spatial: float
    rotation_degrees: float
    scale: tuple[float, float]
    mirror: float
    misalignment: float
    shift_mm_share: float
    noise: float
    blur: float
    brightness: float
    contrast: float
    low_resolution: float
    gamma: float


def augment(
    image: Tensor, target: Tensor, settings: AugmentationSettings, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Image [C, Z, Y, X] (first channel T2W) and target [1, Z, Y, X] (0 / 1), changed alike in space."""
    if rng.random() < settings.spatial:
        image, target = _spatial(image, target, settings, rng)
    if rng.random() < settings.mirror:
        image, target = image.flip(-1), target.flip(-1)
    return torch.stack([_intensity(channel, settings, rng) for channel in image]), target


def _spatial(
    image: Tensor, target: Tensor, settings: AugmentationSettings, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    angle = math.radians(rng.uniform(-settings.rotation_degrees, settings.rotation_degrees))
    zoom = rng.uniform(*settings.scale)
    shift = rng.uniform(-2, 2, 2) * settings.shift_mm_share * (rng.random() < settings.misalignment)
    aligned = _grid(image.shape[1:], angle, zoom, (0.0, 0.0))
    moved = _grid(image.shape[1:], angle, zoom, (float(shift[0]), float(shift[1]))) if shift.any() else aligned
    fixed = torch.cat([image[:1], target])[None]
    fixed = F.grid_sample(fixed, aligned, padding_mode="border", align_corners=False)[0]
    others = F.grid_sample(image[1:][None], moved, padding_mode="border", align_corners=False)[0]
    return torch.cat([fixed[:1], others]), (fixed[1:] > 0.5).to(target.dtype)


def _grid(shape: torch.Size, angle: float, zoom: float, shift: tuple[float, float]) -> Tensor:
    """Sampling grid [1, Z, Y, X, 3] of an in-plane rotation and zoom; voxels are taken as square in plane."""
    _, height, width = shape
    cos, sin, aspect = math.cos(angle) / zoom, math.sin(angle) / zoom, height / width
    matrix = [[cos, -sin * aspect, 0.0, shift[0]], [sin / aspect, cos, 0.0, shift[1]], [0.0, 0.0, 1.0, 0.0]]
    return F.affine_grid(torch.tensor([matrix]), [1, 1, *shape], align_corners=False)


def _intensity(channel: Tensor, settings: AugmentationSettings, rng: np.random.Generator) -> Tensor:
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
