"""Which lesions a mask finds, and what it finds besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, eq=False)
class Matching:
    """`components` [Z, Y, X]: 0 or the number of a predicted component. `pairs`: lesion to the component that finds it.

    `false_positives`: numbers of the components that meet no lesion with an IoU of at least 0.10.
    """

    components: NDArray[np.integer]
    lesions: tuple[int, ...]
    pairs: Mapping[int, int]
    false_positives: tuple[int, ...]


def detect(
    lesions: NDArray[np.integer], prediction: NDArray[np.bool_], spacing_zyx: Sequence[float], minimum_ml: float
) -> Detection:
    """`lesions` [Z, Y, X] holds 0 or the lesion's number; predicted components of at least `minimum_ml` count."""
    matching = match_lesions(lesions, without_specks(prediction, spacing_zyx, minimum_ml))
    return Detection(len(matching.lesions), len(matching.pairs), len(matching.false_positives))


def match_lesions(lesions: NDArray[np.integer], prediction: NDArray[np.bool_]) -> Matching:
    """Which component of `prediction` finds which lesion of `lesions` (0 or the lesion's number), [Z, Y, X].

    Own code, since panoptica, whose matching agrees, holds back numpy (2.1.7: below 2.3) and pandas (below 3).

    A lesion is found by the one component assigned to it with an intersection over union of at least 0.10. As in
    picai_eval, as many lesions as possible are found, then with as much overlap as possible; further components that
    meet a lesion so well are neither hits nor false positives.
    """
    components, _ = label(prediction, NEIGHBOURS_26)
    return match_findings(lesions, components)


def match_findings(lesions: NDArray[np.integer], components: NDArray[np.integer]) -> Matching:
    """The same of findings that may touch: `components` [Z, Y, X] holds 0 or the finding's number, 1..n."""
    numbers = [int(number) for number in np.unique(lesions[lesions > 0])]
    shares = intersections_over_unions(components, int(components.max(initial=0)), lesions, numbers)
    hits = shares >= HIT_IOU
    rows, columns = linear_sum_assignment(np.where(hits, 1 + shares, 0.0), maximize=True)
    pairs = {numbers[column]: int(row) + 1 for row, column in zip(rows, columns, strict=True) if hits[row, column]}
    return Matching(components, tuple(numbers), pairs, tuple(int(n) + 1 for n in np.flatnonzero(~hits.any(axis=1))))


def without_specks(mask: NDArray[np.bool_], spacing_zyx: Sequence[float], minimum_ml: float) -> NDArray[np.bool_]:
    """The mask less its components (26 neighbours) smaller than `minimum_ml`."""
    components, count = label(mask, NEIGHBOURS_26)
    volumes = np.bincount(components.ravel(), minlength=count + 1) * float(np.prod(spacing_zyx)) / 1000.0
    keep = volumes >= minimum_ml
    keep[0] = False
    kept: NDArray[np.bool_] = keep[components]
    return kept


def intersections_over_unions(
    components: NDArray[np.integer], count: int, lesions: NDArray[np.integer], numbers: Sequence[int]
) -> NDArray[np.float64]:
    """[components, lesions], of components 1..count and the lesions of these numbers."""
    inside = (components > 0) | (lesions > 0)  # where both are background counts for nothing
    components, lesions = components[inside], lesions[inside]
    index = np.searchsorted(numbers, lesions) + 1 if numbers else np.zeros_like(components)
    index = np.where(lesions > 0, index, 0)
    width = len(numbers) + 1
    both = np.bincount(components * width + index, minlength=(count + 1) * width).reshape(count + 1, width)
    unions = both.sum(axis=1)[1:, None] + both.sum(axis=0)[None, 1:] - both[1:, 1:]
    shares: NDArray[np.float64] = both[1:, 1:] / np.maximum(unions, 1)
    return shares
