"""What the prompted head reads of each voxel: where it lies, to what it belongs, and what the network saw there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d, interpolate

OBJECT_VOXELS = (3, 7, 7)  # of 3 x 1.5 x 1.5 mm: about 10 mm, the size of an ordinary lesion
OBJECT_STEPS = 3
OBJECT_OFFSET, OBJECT_FLOOR = 2.0, 1e-3
NEAR_VOXELS, AROUND_VOXELS = (1, 3, 3), (5, 11, 11)
MARGIN_SCALE, LARGEST_MARGIN = 0.2, 12.0
WITHIN_GLAND = 0.5


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """`place` [B, P, Z, Y, X]: coordinates and zones, each as the voxel's own and as those of the thing it belongs to,
    and that thing's size. `evidence` [B, E, Z, Y, X]: what speaks for or against a lesion. `margin` [B, 1, ...]: the
    base's."""

    place: Tensor
    evidence: Tensor
    margin: Tensor


def image_features(
    volumes: Tensor, margin: Tensor, zones: Tensor, coordinates: Tensor, decoder: tuple[Tensor, Tensor]
) -> ImageFeatures:
    """Of network input [B, 3, Z, Y, X], base margin [B, 1, ...], zone shares [B, 5, ...], core.gland_coordinates
    [B, 5, ...] and the decoder's features at its finest and second level. All of it can be kept: no prompt is in it."""
    margin = margin.clamp(-LARGEST_MARGIN, LARGEST_MARGIN)
    own = torch.cat([coordinates, zones], dim=1)
    place = torch.cat([own, *_of_the_thing(own, margin)], dim=1)
    second = interpolate(decoder[1], list(volumes.shape[2:]), mode="nearest")
    contrast = _contrast(volumes, 1 - zones[:, :1])
    evidence = torch.cat([margin * MARGIN_SCALE, volumes, contrast, decoder[0], second], dim=1)
    return ImageFeatures(place, torch.cat([evidence, place], dim=1), margin)


def _of_the_thing(own: Tensor, margin: Tensor) -> tuple[Tensor, Tensor]:
    """Averages over what a voxel is connected to by suspicion, and the logarithm of how much that is.

    Means weighted by the base's suspicion, repeated, run together within a lesion and stop where suspicion falls: all
    of a lesion is then on the side, level and zone of its middle.
    """
    weight = torch.sigmoid(margin + OBJECT_OFFSET) + OBJECT_FLOOR
    mass = _mean(weight)
    values, size = own, mass
    for _ in range(OBJECT_STEPS):
        values = _mean(weight * values) / mass
        size = _mean(weight * size) / mass
    return values, size.log()


def _contrast(volumes: Tensor, gland: Tensor) -> Tensor:
    """How far each channel's near mean lies from the gland's around it, in standard deviations of the gland."""
    inside = (gland > WITHIN_GLAND).to(volumes.dtype) + 1e-4
    whole = inside.sum(dim=(2, 3, 4), keepdim=True)
    middle = (volumes * inside).sum(dim=(2, 3, 4), keepdim=True) / whole
    spread = (((volumes - middle) ** 2 * inside).sum(dim=(2, 3, 4), keepdim=True) / whole).sqrt() + 1e-3
    around = _mean(volumes * inside, AROUND_VOXELS) / _mean(inside, AROUND_VOXELS)
    near = _mean(volumes, NEAR_VOXELS)
    return torch.cat([(near - around) / spread, (near - middle) / spread], dim=1).clamp(-5, 5)


def _mean(values: Tensor, voxels: tuple[int, int, int] = OBJECT_VOXELS) -> Tensor:
    fitting = tuple(min(n, size - (size + 1) % 2) for n, size in zip(voxels, values.shape[2:], strict=True))
    return avg_pool3d(values, fitting, 1, tuple(n // 2 for n in fitting), count_include_pad=False)
