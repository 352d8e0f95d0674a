"""Test-time augmentation: the mean of what a network says of an image and of its mirror images, turned back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations

import numpy as np

from ..bundle.config import Axis
from ..core.window import Window
from .engine.protocol import Outputs, Values

DIMENSIONS: dict[Axis, int] = {"z": -3, "y": -2, "x": -1}

Forward = Callable[[Values, Window, bool], Outputs]


def mirrored(forward: Forward, image: Values, window: Window, axes: Sequence[Axis]) -> Outputs:
    """`forward` of the image [C, Z, Y, X] alone where `axes` is empty, else the mean over every set of the axes.

    Images flipped along x are read with the mirrored text. `window`: the image's place.
    """
    sets = chain.from_iterable(combinations(axes, count) for count in range(len(axes) + 1))
    outputs = [_flipped_back(forward, image, window, flips) for flips in sets]
    if len(outputs) == 1:
        return outputs[0]
    return Outputs(*(np.stack(parts).mean(axis=0) for parts in zip(*outputs, strict=True)))


def _flipped_back(forward: Forward, image: Values, window: Window, flips: Sequence[Axis]) -> Outputs:
    if not flips:
        return forward(image, window, False)
    dimensions = tuple(DIMENSIONS[axis] for axis in flips)
    place = window.mirrored(image.shape[1:], dimensions)
    output = forward(np.ascontiguousarray(np.flip(image, dimensions)), place, "x" in flips)
    return Outputs(*(np.flip(part, dimensions) for part in output))
