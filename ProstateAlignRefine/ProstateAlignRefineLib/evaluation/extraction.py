"""Lesion candidates of a probability map: the rule "dynamic-v2" of report_guided_annotation (Bosma et al. 2023).

Written anew because the package visits every component with the whole volume, which takes minutes on a noisy map. The
candidates are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from ..core.boxes import box_of
from .detection import NEIGHBOURS_26

MOST = 5
FACTOR = 2.5  # a candidate reaches to its maximum over this
LEAST_MAXIMUM = 0.01
LARGEST_SPECK = 10  # voxels


def extract_candidates(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """A detection map [Z, Y, X]: each candidate's voxels hold its maximum, all others 0.

    Up to five candidates, one after the other: where what is left exceeds its maximum / 2.5 (26 neighbours, more than
    ten voxels). One that touches an earlier candidate is passed over, not counted.
    """
    result = np.zeros_like(probability)
    likely = probability >= LEAST_MAXIMUM / FACTOR
    if likely.any():
        box = box_of(likely).slices
        result[box] = _extract(probability[box].copy())
    return result


def _extract(left: NDArray[np.float32]) -> NDArray[np.float32]:
    """`left` is used up."""
    found = np.zeros_like(left)
    count = 0
    while count < MOST and (maximum := left.max()) >= LEAST_MAXIMUM:
        threshold = float(maximum / FACTOR)
        candidate = _highest(left, threshold)
        if candidate is None:
            left[left > threshold] = 0
            continue
        if not (binary_dilation(found > 0, NEIGHBOURS_26) & candidate).any():
            found[candidate] = left[candidate].max()
            count += 1
        left[candidate] = 0
    return found


def _highest(values: NDArray[np.float32], threshold: float) -> NDArray[np.bool_] | None:
    """The component above the threshold with the highest value, specks left out; the first of equals; None: no such."""
    components, count = label(values >= threshold, NEIGHBOURS_26)
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    maxima = np.zeros(count + 1, values.dtype)
    np.maximum.at(maxima, components.ravel(), values.ravel())
    maxima[0] = 0
    maxima[sizes <= LARGEST_SPECK] = 0
    return components == int(maxima.argmax()) if maxima.any() else None
