"""Maps as a network might draw them around known lesions: for pictures of the panel and the views, never a result."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.maps import Maps


def stand_in_maps(lesions: sitk.Image, gland: sitk.Image, seed: int = 0) -> Maps:
    """Lesions found with frayed borders, a refiner that mends part of them, a similarity map wider than the lesions.

    `lesions`, `gland`: masks (above zero) on the T2W grid.
    """
    inside, prostate = lesions > 0, gland > 0
    rng = np.random.default_rng(seed)
    distance = -_distance(inside)
    base = np.clip(1.2 * (distance + 1.5 * _texture(rng, lesions)), -8, 8).astype(np.float32)
    refined = np.clip(1.2 * distance, -8, 8)
    near = np.exp(-np.maximum(-distance, 0) / 6.0) * np.where(distance > 0, 1.0, 0.8)
    field = np.clip(1.2 - np.maximum(_distance(prostate), 0) / 6.0, 0, 1)
    similarity = 0.25 + field * (0.08 + 0.06 * _texture(rng, lesions) + 0.45 * near)
    seen = _distance(prostate) < 20.0
    confidence = np.where(seen, 1 / (1 + np.exp(-np.clip(base, -6, 6))), 0.0)
    shown = np.where(seen, np.clip(similarity, 0, 1), 0.0)
    return Maps(Grid.of(lesions), base, refined.astype(np.float32), *_floats(confidence, shown))


def _distance(mask: sitk.Image) -> np.ndarray:
    """Millimetres to the mask's border, negative inside."""
    if not to_array(mask).any():
        return np.full(Grid.of(mask).shape, 99.0)
    return to_array(sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True))


def _texture(rng: np.random.Generator, like: sitk.Image) -> np.ndarray:
    """Smooth noise of unit size, grains of a few millimetres."""
    noise = sitk.GetImageFromArray(rng.standard_normal(Grid.of(like).shape).astype(np.float32))
    noise.CopyInformation(like)
    smooth = to_array(sitk.SmoothingRecursiveGaussian(noise, 2.5))
    return smooth / max(float(smooth.std()), 1e-6)


def _floats(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(array.astype(np.float32) for array in arrays)
