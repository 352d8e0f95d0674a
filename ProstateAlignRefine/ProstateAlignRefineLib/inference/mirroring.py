"""Test-time augmentation: the mean of what a network says of an image and of its mirror images, turned back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import chain, combinations
from typing import Any

import torch
from torch import Tensor

from ..bundle.config import Axis
from ..network.network import NetworkOutput
from ..network.positions import Window
from ..network.text import TextEmbedding

DIMENSIONS: dict[Axis, int] = {"z": -3, "y": -2, "x": -1}

Forward = Callable[[Tensor, TextEmbedding, Window], NetworkOutput]


def mirrored(
    forward: Forward, image: Tensor, texts: tuple[TextEmbedding, TextEmbedding], window: Window, axes: Sequence[Axis]
) -> NetworkOutput:
    """`forward` of the image [B, C, Z, Y, X] alone where `axes` is empty, else the mean over every set of the axes.

    `texts`: as it is, and with left and right swapped, for images flipped along x. `window`: the image's place.
    """
    sets = chain.from_iterable(combinations(axes, count) for count in range(len(axes) + 1))
    outputs = [_flipped_back(forward, image, texts, window, flips) for flips in sets]
    return outputs[0] if len(outputs) == 1 else _mean(outputs)


def _flipped_back(
    forward: Forward, image: Tensor, texts: tuple[TextEmbedding, TextEmbedding], window: Window, flips: Sequence[Axis]
) -> NetworkOutput:
    if not flips:
        return forward(image, texts[0], window)
    dimensions = [DIMENSIONS[axis] for axis in flips]
    place = window.mirrored(image.shape[2:], dimensions)
    output = forward(image.flip(dimensions), texts["x" in flips], place)
    return _mapped(lambda tensors: tensors[0].flip(dimensions), [output])


def _mean(outputs: Sequence[NetworkOutput]) -> NetworkOutput:
    return _mapped(lambda tensors: torch.stack(tensors).mean(dim=0), outputs)


def _mapped(change: Callable[[list[Tensor]], Tensor], outputs: Sequence[NetworkOutput]) -> NetworkOutput:
    """`change` of each tensor that the outputs hold in the same place."""

    def of(values: list[Any]) -> Any:
        if values[0] is None:
            return None
        if isinstance(values[0], list):
            return [change(list(level)) for level in zip(*values, strict=True)]
        return change(values)

    return NetworkOutput(**{field.name: of([getattr(o, field.name) for o in outputs]) for field in fields(outputs[0])})
