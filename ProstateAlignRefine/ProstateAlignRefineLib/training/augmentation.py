"""nnU-Net's kinds of augmentation, on the fly, on one patch; every draw comes from the generator given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..bundle.config import Axis
from .intensity import IntensitySettings, change_intensity
from .zone_contrast import NO_CONTRAST, ZoneContrast

_DIMENSION: dict[Axis, int] = {"z": -3, "y": -2, "x": -1}


@dataclass(frozen=True)
class Rescaling:
    """Of a channel as the network reads it: times a factor from `scale` (log-uniform), plus a shift from `offset`.

    What z-scoring gives depends on what else lies in the region (fat, muscle, noise), which differs between scanners.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def __call__(self, channel: Tensor, rng: np.random.Generator) -> Tensor:
        low, high = np.log(self.scale)
        return channel * float(np.exp(rng.uniform(low, high))) + float(rng.uniform(*self.offset))


@dataclass(frozen=True)
class AugmentationSettings:
    """Probabilities a patch (space, modality) or a channel (intensity); magnitudes after nnU-Net.

    `rotation`, `scaling`: in plane, by up to `rotation_degrees` either way and by a zoom from `scale`.
    `misalignment`: ADC and HBV move together against T2W, by up to twice `shift_share` of half the patch in plane.
    `mirror`: of a flip, along each of `mirror_axes`; x is left-right. `modality_dropout`: of each channel, in order,
    being the one that is blank; none is where it is empty.
    `rescaling`: of a channel being rescaled by its own of `rescalings`, which stand in the channels' order.
    `zone_contrast`: of the T2W, where the zones are known.
    """

    rotation: float
    rotation_degrees: float
    scaling: float
    scale: tuple[float, float]
    mirror: float
    mirror_axes: tuple[Axis, ...]
    misalignment: float
    shift_share: float
    modality_dropout: tuple[float, ...]
    rescaling: float
    rescalings: tuple[Rescaling, ...]
    intensity: IntensitySettings
    zone_contrast: ZoneContrast = NO_CONTRAST


@dataclass(frozen=True)
class Augmented:
    """`flipped`: the dimensions (-3 is z, -1 x) that the patch was mirrored along."""

    image: Tensor
    target: Tensor
    flipped: tuple[int, ...]
    zones: Tensor | None

    @property
    def sides_swapped(self) -> bool:
        """The patient's left is now right, and so must the text's be."""
        return _DIMENSION["x"] in self.flipped


def augment(
    image: Tensor,
    target: Tensor,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    zones: Tensor | None = None,
) -> Augmented:
    """Image [C, Z, Y, X] (first channel T2W), target (0 / 1) and zones (codes), both [1, Z, Y, X], alike in space."""
    image, target, zones = _spatial(image, target, zones, settings, rng)
    flipped = tuple(_DIMENSION[axis] for axis in settings.mirror_axes if rng.random() < settings.mirror)
    image, target = image.flip(flipped), target.flip(flipped)
    zones = None if zones is None else zones.flip(flipped)
    if zones is not None:
        image = settings.zone_contrast.changed(image, zones, rng)
    image = torch.stack([change_intensity(channel, settings.intensity, rng) for channel in image])
    for channel, rescale in zip(image, settings.rescalings, strict=False):
        if rng.random() < settings.rescaling:
            channel.copy_(rescale(channel, rng))
    blank = int(np.searchsorted(np.cumsum(settings.modality_dropout), rng.random(), side="right"))
    if blank < len(settings.modality_dropout):
        image[blank] = 0.0  # the mean of a z-scored channel
    return Augmented(image, target, flipped, zones)


def _spatial(
    image: Tensor, target: Tensor, zones: Tensor | None, settings: AugmentationSettings, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor | None]:
    angle = math.radians(rng.uniform(-1, 1) * settings.rotation_degrees) * (rng.random() < settings.rotation)
    zoom = float(rng.uniform(*settings.scale)) if rng.random() < settings.scaling else 1.0
    shift = rng.uniform(-2, 2, 2) * settings.shift_share * (rng.random() < settings.misalignment)
    if angle == 0 and zoom == 1 and not shift.any():
        return image, target, zones
    aligned = _grid(image.shape[1:], angle, zoom, (0.0, 0.0))
    moved = _grid(image.shape[1:], angle, zoom, (float(shift[0]), float(shift[1]))) if shift.any() else aligned
    fixed = torch.cat([image[:1], target])[None]
    fixed = F.grid_sample(fixed, aligned, padding_mode="border", align_corners=False)[0]
    others = F.grid_sample(image[1:][None], moved, padding_mode="border", align_corners=False)[0]
    if zones is not None:
        zones = F.grid_sample(zones[None], aligned, mode="nearest", padding_mode="border", align_corners=False)[0]
    return torch.cat([fixed[:1], others]), (fixed[1:] > 0.5).to(target.dtype), zones


def _grid(shape: torch.Size, angle: float, zoom: float, shift: tuple[float, float]) -> Tensor:
    """Sampling grid [1, Z, Y, X, 3] of an in-plane rotation and zoom; voxels are taken as square in plane."""
    _, height, width = shape
    cos, sin, aspect = math.cos(angle) / zoom, math.sin(angle) / zoom, height / width
    matrix = [[cos, -sin * aspect, 0.0, shift[0]], [sin / aspect, cos, 0.0, shift[1]], [0.0, 0.0, 1.0, 0.0]]
    return F.affine_grid(torch.tensor([matrix]), [1, 1, *shape], align_corners=False)
