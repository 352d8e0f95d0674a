"""Lesions as masks, their identities, and the affine of their grid, as the writers of DICOM objects want them."""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ...core.errors import InputError
from ...core.geometry import Array, Grid


def lps_affine_zyx(grid: Grid) -> NDArray[np.float64]:
    """[4, 4]: array index (z, y, x, 1) to LPS millimetres."""
    return grid.affine[:, [2, 1, 0, 3]]


def as_masks(lesions: Array) -> NDArray[np.bool_]:
    """Labels [Z, Y, X] or masks [Z, Y, X, n] of any integer type as masks [Z, Y, X, n]."""
    if lesions.ndim == 4:
        return lesions.astype(bool)
    masks: NDArray[np.bool_] = np.asarray(lesions)[..., None] == np.arange(1, max(int(lesions.max()), 1) + 1)
    return masks


def tracking_uids(masks: NDArray[np.bool_], t2w: Dataset, given: tuple[str, ...]) -> tuple[str, ...]:
    """The unique identity of each lesion: the one given, else one that follows from the series and the voxels."""
    if given:
        if len(given) != masks.shape[-1]:
            raise InputError("The number of tracking identifiers differs from the number of lesions.")
        return given
    return tuple(
        f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, _fingerprint(masks[..., n], t2w)).int}" for n in range(masks.shape[-1])
    )


def _fingerprint(mask: NDArray[np.bool_], t2w: Dataset) -> str:
    return f"{t2w.SeriesInstanceUID} {hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()}"
