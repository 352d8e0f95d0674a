"""Crops as other scanners, other lesions and another network might have given them, so that a refiner learns what an
edge is and not what its generator draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv3d, grid_sample, interpolate, pad

from ...network.boundary.refiner import IMAGES
from ...network.boundary.settings import LARGEST_MARGIN, MARGIN_SCALE

Spacing = tuple[float, float, float]

# Of shapes, in mm but for the first two.
STRETCH, TURN = 0.15, 0.25  # standard deviations: log of the factor along an axis, radians in the slice
BEND, BEND_KNOTS = 1.5, 10.0
# Of images, whose unit is about the standard deviation in the gland.
DISPLACED_MM = 2.0  # ADC and HBV against T2W, each, at most
GAMMA, BIAS, BIAS_KNOTS = 0.35, 0.35, 20.0
BLUR_MM, NOISE = 1.2, 0.4  # at most
LESION, LESION_EDGE_MM = 0.6, 0.8
BLANK = 0.15  # share of crops in which an image is
# Of margins, in log-odds and mm.
MARGIN_NOISE, MARGIN_SHIFT, MARGIN_KNOTS, MARGIN_MOVED_MM = 1.0, 0.7, 6.0, 1.5


@dataclass(frozen=True, eq=False)
class EditCrop:
    """`inputs` [C, Z, Y, X], `band` and `truth` bool [Z, Y, X] of voxels of `spacing` (x, y, z), mm."""

    inputs: Tensor
    band: Tensor
    truth: Tensor
    spacing: Spacing


def reshaped(crop: EditCrop, rng: np.random.Generator) -> EditCrop:
    """All of it stretched, turned in the slice and bent alike: what is where in it stays true."""
    offsets = _smooth(crop, rng, BEND_KNOTS, 3) * BEND * float(rng.random())
    places = _places_mm(crop)
    angle, factors = TURN * float(rng.standard_normal()), np.exp(STRETCH * rng.standard_normal(3))
    c, s = np.cos(angle), np.sin(angle)
    linear = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag(factors) - np.eye(3)
    offsets += torch.einsum("ij,jzyx->izyx", torch.from_numpy(linear.astype(np.float32)), places)
    whole = torch.cat([crop.inputs, crop.band[None].float(), crop.truth[None].float()])
    moved = _moved(whole, offsets, crop.spacing)
    return replace(crop, inputs=moved[:-2], band=moved[-2] >= 0.5, truth=moved[-1] >= 0.5)


def mirrored(crop: EditCrop) -> EditCrop:
    """Left for right."""
    return replace(crop, inputs=crop.inputs.flip(-1), band=crop.band.flip(-1), truth=crop.truth.flip(-1))


def disturbed(crop: EditCrop, rng: np.random.Generator) -> EditCrop:
    """Other images of the same patient, more or less so, at times a blank among them. Band and truth stay."""
    strength = float(rng.random())
    soft = _blurred(crop.truth[None].float(), LESION_EDGE_MM, crop.spacing)
    images = crop.inputs[:IMAGES] + strength * LESION * _normal(rng) * soft
    for channel in range(1, IMAGES):
        images[channel] = displaced(images[channel : channel + 1], strength * DISPLACED_MM, crop.spacing, rng)[0]
    images = toned(images, strength, rng) + strength * BIAS * _smooth(crop, rng, BIAS_KNOTS, IMAGES)
    blurs = strength * BLUR_MM * rng.random(IMAGES)
    images = torch.stack([_blurred(one[None], blur, crop.spacing)[0] for one, blur in zip(images, blurs, strict=True)])
    noise = torch.from_numpy(rng.standard_normal(images.shape).astype(np.float32))
    images += strength * NOISE * torch.from_numpy(rng.random((IMAGES, 1, 1, 1)).astype(np.float32)) * noise
    if rng.random() < BLANK:
        images[int(rng.integers(IMAGES))] = 0
    return replace(crop, inputs=torch.cat([images, crop.inputs[IMAGES:]]))


def misjudged(crop: EditCrop, rng: np.random.Generator) -> EditCrop:
    """Its margin moved, shifted as a whole, and with smooth noise: as another network might have erred."""
    margin = displaced(crop.inputs[IMAGES : IMAGES + 1] / MARGIN_SCALE, MARGIN_MOVED_MM, crop.spacing, rng)
    noise = _smooth(crop, rng, MARGIN_KNOTS, 1)
    shifted = margin + MARGIN_SHIFT * float(rng.standard_normal()) + MARGIN_NOISE * float(rng.random()) * noise
    scaled = shifted.clamp(-LARGEST_MARGIN, LARGEST_MARGIN) * MARGIN_SCALE
    return replace(crop, inputs=torch.cat([crop.inputs[:IMAGES], scaled, crop.inputs[IMAGES + 1 :]]))


def toned(images: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """Each through a rising curve of its own."""
    low, high = images.amin(dim=(1, 2, 3), keepdim=True), images.amax(dim=(1, 2, 3), keepdim=True)
    span = (high - low).clamp(min=1e-3)
    curved: Tensor = ((images - low) / span).clamp(0, 1) ** torch.exp(strength * GAMMA * _normal(rng)) * span + low
    return curved


def displaced(values: Tensor, most_mm: float, spacing: Spacing, rng: np.random.Generator) -> Tensor:
    """[C, Z, Y, X] as a whole in the slice, by up to `most_mm` in any direction."""
    length, angle = most_mm * float(rng.random()), 2 * np.pi * float(rng.random())
    by = torch.tensor([length * np.cos(angle), length * np.sin(angle), 0.0], dtype=torch.float32)
    return _moved(values, by[:, None, None, None].expand(3, *values.shape[1:]), spacing)


def _moved(values: Tensor, offsets_mm: Tensor, spacing: Spacing) -> Tensor:
    """[C, Z, Y, X], at each voxel what is `offsets_mm` [3 (x, y, z), Z, Y, X] from it; the nearest beyond."""
    size = values.shape[:0:-1]
    index = torch.stack(torch.meshgrid(*(torch.arange(float(n)) for n in values.shape[1:]), indexing="ij")).flip(0)
    index = index + offsets_mm / torch.tensor(spacing)[:, None, None, None]
    places = torch.stack([2 * index[n] / max(size[n] - 1, 1) - 1 for n in range(3)], dim=-1)
    moved: Tensor = grid_sample(values[None], places[None], padding_mode="border", align_corners=True)[0]
    return moved


def _places_mm(crop: EditCrop) -> Tensor:
    """[3 (x, y, z), Z, Y, X] from the middle."""
    shape = crop.band.shape
    axes = (torch.arange(float(n)) - (n - 1) / 2 for n in shape)
    index = torch.stack(torch.meshgrid(*axes, indexing="ij")).flip(0)
    return index * torch.tensor(crop.spacing)[:, None, None, None]


def _smooth(crop: EditCrop, rng: np.random.Generator, knots_mm: float, channels: int) -> Tensor:
    """[channels, Z, Y, X] of noise whose knots are `knots_mm` apart."""
    shape = list(crop.band.shape)
    knots = [max(2, round(n * mm / knots_mm) + 1) for n, mm in zip(shape, crop.spacing[::-1], strict=True)]
    noise = torch.from_numpy(rng.standard_normal((1, channels, *knots)).astype(np.float32))
    return interpolate(noise, shape, mode="trilinear", align_corners=True)[0]


def _blurred(values: Tensor, sigma_mm: float, spacing: Sequence[float]) -> Tensor:
    """[1, Z, Y, X] by a Gaussian in the slice."""
    for axis, mm in ((2, spacing[1]), (3, spacing[0])):
        reach = max(1, int(3 * sigma_mm / mm))
        kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) * mm / max(sigma_mm, 1e-3)) ** 2)
        shape = [1, 1, 1, 1, 1]
        shape[axis + 1] = 2 * reach + 1
        ends = [0] * 6
        ends[2 * (3 - axis)] = ends[2 * (3 - axis) + 1] = reach
        padded = pad(values[None], ends, mode="replicate")
        values = conv3d(padded, (kernel / kernel.sum()).reshape(shape))[0]
    return values


def _normal(rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.standard_normal((IMAGES, 1, 1, 1)).astype(np.float32))
