"""The colours of the pictures: grey levels, the heatmap's scale, outlines and edits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import Array

LESION_RGB = (230, 75, 60)
CANDIDATE_RGB = (240, 200, 70)
GLAND_RGB = (120, 200, 210)
RULER_RGB = (255, 235, 120)
ADDED_RGB = (60, 200, 90)
REMOVED_RGB = (80, 140, 255)

# Dark violet over red and orange to pale yellow: rising in brightness, so it reads in grey and with colour blindness.
_HEAT_STOPS = np.array([[0, 0, 8], [60, 12, 96], [140, 30, 100], [210, 70, 60], [248, 148, 40], [250, 250, 170]], float)


def grey(values: Array, low: float, high: float) -> NDArray[np.uint8]:
    """[...] values to [..., 3] bytes, window low to high."""
    scaled = np.clip((values.astype(float) - low) / max(high - low, 1e-9), 0, 1)
    return np.repeat((scaled * 255).astype(np.uint8)[..., None], 3, axis=-1)


def heat(values: Array, low: float, high: float) -> NDArray[np.uint8]:
    """[...] values to [..., 3] bytes on the heatmap's scale."""
    scaled = np.clip((values.astype(float) - low) / max(high - low, 1e-9), 0, 1)
    position = np.linspace(0, 1, len(_HEAT_STOPS))
    return np.stack([np.interp(scaled, position, _HEAT_STOPS[:, c]) for c in range(3)], -1).astype(np.uint8)


def heat_opacity(values: Array, low: float, high: float) -> NDArray[np.float64]:
    """[...] values to 0 .. 1: what the heatmap covers grows with what it says, from nothing at `low`."""
    scaled: NDArray[np.float64] = np.clip((values.astype(float) - low) / max(high - low, 1e-9), 0, 1)
    return scaled


def blend(under: Array, over: Array | tuple[int, int, int], opacity: Array) -> Array:
    """`over` laid on `under` with `opacity` [...] between 0 and 1."""
    share = np.asarray(opacity, float)[..., None]
    mixed: Array = (under * (1 - share) + np.asarray(over) * share).astype(np.uint8)
    return mixed
