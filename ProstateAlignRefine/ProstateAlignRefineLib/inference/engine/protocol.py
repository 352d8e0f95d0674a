"""What inference asks of an engine. Arrays go in and come out; how they are computed is the engine's matter."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.window import Window
from ...network.prompted.features import ImageFeatures

Values = NDArray[np.float32]


class Outputs(NamedTuple):
    """Of one forward, each [C, Z, Y, X] of the image's size: class logits before and after the refiner, similarity
    logits, logits of `GlandZone` and what the prompted head reads of the decoder; no channels of what the bundle does
    not have, and the base's logits where its own refiner is not used."""

    base: Values
    refined: Values
    similarity: Values
    zones: Values
    features: Values


class Engine(Protocol):
    """What computes a loaded bundle, with torch or without; arrays are float32 on the network's grid."""

    def forward(self, image: Values, window: Window, mirrored_text: bool) -> Outputs:
        """Of an image [3, Z, Y, X] whose sizes the network's strides divide, and that lies where `window` says."""

    def prompted_change(self, features: ImageFeatures, prompts: tuple[str, ...]) -> Values:
        """[Z, Y, X]: see `strongest_change`."""

    def boundary_delta(self, inputs: Values, prompts: tuple[str, ...]) -> Values:
        """[Z, Y, X]: how far the base margin should move, of a crop's inputs (see `network.boundary.refiner`)."""


class GpuMemoryError(MemoryError):
    """The forward did not fit; it left nothing on the GPU."""
