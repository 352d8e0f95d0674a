"""What the prompted head reads of each voxel: where it lies, to what it belongs, and what the network saw there.

Without torch, so that every engine reads the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OBJECT_VOXELS = (3, 7, 7)  # of 3 x 1.5 x 1.5 mm: about 10 mm, the size of an ordinary lesion
OBJECT_STEPS = 3
OBJECT_OFFSET, OBJECT_FLOOR = 2.0, 1e-3
NEAR_VOXELS, AROUND_VOXELS = (1, 3, 3), (5, 11, 11)
MARGIN_SCALE, LARGEST_MARGIN = 0.2, 12.0
WITHIN_GLAND = 0.5

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """`place` [P, Z, Y, X]: coordinates and zones, each as the voxel's own and as those of the thing it belongs to,
    and that thing's size. `evidence` [E, Z, Y, X]: what speaks for or against a lesion. `margin` [Z, Y, X]: the
    base's."""

    place: Values
    evidence: Values
    margin: Values


def image_features(
    volumes: Values, margin: Values, zones: Values, coordinates: Values, decoder: Sequence[Values]
) -> ImageFeatures:
    """Of network input [3, Z, Y, X], base margin [1, Z, Y, X], zone shares [5, ...], core.gland_coordinates [5, ...]
    and the decoder's features at its finest and second level, at full size. All of it can be kept: no prompt is in
    it."""
    margin = np.clip(margin, -LARGEST_MARGIN, LARGEST_MARGIN)
    own = np.concatenate([coordinates, zones])
    place = np.concatenate([own, *_of_the_thing(own, margin)]).astype(np.float32)
    evidence = np.concatenate([margin * np.float32(MARGIN_SCALE), volumes, _contrast(volumes, 1 - zones[:1]), *decoder])
    return ImageFeatures(place, np.concatenate([evidence.astype(np.float32), place]), margin[0])


def _of_the_thing(own: Values, margin: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Averages over what a voxel is connected to by suspicion, and the logarithm of how much that is.

    Means weighted by the base's suspicion, repeated, run together within a lesion and stop where suspicion falls: all
    of a lesion is then on the side, level and zone of its middle.
    """
    weight = 1 / (1 + np.exp(-(margin.astype(np.float64) + OBJECT_OFFSET))) + OBJECT_FLOOR
    mass = _mean(weight)
    values, size = own.astype(np.float64), mass
    for _ in range(OBJECT_STEPS):
        values = _mean(weight * values) / mass
        size = _mean(weight * size) / mass
    return values, np.log(size)


def _contrast(volumes: Values, gland: Values) -> NDArray[np.float64]:
    """How far each channel's near mean lies from the gland's around it, in standard deviations of the gland."""
    seen, axes = volumes.astype(np.float64), (1, 2, 3)
    inside = (gland > WITHIN_GLAND).astype(np.float64) + 1e-4
    whole = inside.sum(axis=axes, keepdims=True)
    middle = (seen * inside).sum(axis=axes, keepdims=True) / whole
    spread = np.sqrt(((seen - middle) ** 2 * inside).sum(axis=axes, keepdims=True) / whole) + 1e-3
    around = _mean(seen * inside, AROUND_VOXELS) / _mean(inside, AROUND_VOXELS)
    near = _mean(seen, NEAR_VOXELS)
    contrast: NDArray[np.float64] = np.concatenate([(near - around) / spread, (near - middle) / spread]).clip(-5, 5)
    return contrast


def _mean(values: NDArray[np.float64], voxels: tuple[int, int, int] = OBJECT_VOXELS) -> NDArray[np.float64]:
    """[C, Z, Y, X]: over a box around each voxel, of what of it lies inside."""
    for axis, wanted in enumerate(voxels, start=1):
        size = values.shape[axis]
        reach = min(wanted, size - (size + 1) % 2) // 2
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis=axis)], axis=axis)
        last, first = np.minimum(np.arange(size) + reach + 1, size), np.maximum(np.arange(size) - reach, 0)
        counts = (last - first).reshape([-1 if n == axis else 1 for n in range(4)])
        values = (sums.take(last, axis) - sums.take(first, axis)) / counts
    return values
