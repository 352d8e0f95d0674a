"""Which lesions a mask finds, and what it finds besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import generate_binary_structure, label
from scipy.optimize import linear_sum_assignment

HIT_IOU = 0.10  # as in picai_eval
NEIGHBOURS_26 = generate_binary_structure(3, 3)


@dataclass(frozen=True)
class Detection:
    """Lesions of the reference, those found, and predicted components that meet none."""

    lesions: int
    found: int
    false_positives: int


def detect(
    lesions: NDArray[np.integer], prediction: NDArray[np.bool_], spacing_zyx: Sequence[float], minimum_ml: float
) -> Detection:
    """`lesions` [Z, Y, X] holds 0 or the lesion's number; predicted components (26 neighbours) of `minimum_ml` count.

    A lesion is found by the one component assigned to it with an intersection over union of at least 0.10. As in
    picai_eval, further components that meet a lesion so well are neither hits nor false positives.
    """
    components = _components(prediction, float(np.prod(spacing_zyx)) / 1000.0, minimum_ml)
    numbers = [number for number in np.unique(lesions) if number > 0]
    shares = np.array([[_iou(component, lesions == number) for number in numbers] for component in components])
    hits = (shares >= HIT_IOU) if shares.size else np.zeros((len(components), len(numbers)), bool)
    rows, columns = linear_sum_assignment(-np.where(hits, shares, 0.0)) if shares.size else ((), ())
    found = sum(bool(hits[row, column]) for row, column in zip(rows, columns, strict=True))
    return Detection(len(numbers), found, int((~hits.any(axis=1)).sum()) if len(components) else 0)


def _components(mask: NDArray[np.bool_], voxel_ml: float, minimum_ml: float) -> list[NDArray[np.bool_]]:
    labels, count = label(mask, NEIGHBOURS_26)
    parts = [labels == number for number in range(1, count + 1)]
    return [part for part in parts if part.sum() * voxel_ml >= minimum_ml]


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    both = np.count_nonzero(one & other)
    return both / (np.count_nonzero(one) + np.count_nonzero(other) - both)
