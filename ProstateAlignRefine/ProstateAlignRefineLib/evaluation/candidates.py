"""Lesion candidates of a confidence map, matched to the lesions of the reference as PI-CAI does.

Candidates of a probability map are extracted; a mask or a detection map holds its own. picai_eval matches them: 26
neighbours, intersection over union of at least 0.10, further candidates on a lesion that is hit are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..core.boxes import box_of
from ..core.errors import InputError
from .detection import NEIGHBOURS_26
from .extraction import extract_candidates

INSTALL = 'in the clone: pip install ".[train]"'


@dataclass(frozen=True)
class LesionCandidate:
    """`is_lesion`: a lesion of the reference, found (confidence above 0) or missed (0); else a false positive."""

    is_lesion: bool
    confidence: float
    iou: float


@dataclass(frozen=True)
class CaseCandidates:
    """`score`: the case's, the highest confidence of a candidate."""

    candidates: tuple[LesionCandidate, ...]
    score: float


def is_detection_map(values: NDArray[np.floating]) -> bool:
    """Whether every connected component has one value, as in masks and detection maps."""
    components, count = label(values > 0, NEIGHBOURS_26)
    if count == 0:
        return True
    inside = components > 0
    order = np.argsort(components[inside], kind="stable")
    numbers, held = components[inside][order], values[inside][order]
    starts = np.flatnonzero(np.diff(numbers, prepend=0))
    return bool(np.array_equal(np.maximum.reduceat(held, starts), np.minimum.reduceat(held, starts)))


def match_candidates(
    confidence: NDArray[np.float32], reference: NDArray[np.bool_], graded: bool = True
) -> CaseCandidates:
    """Candidates of `confidence` [Z, Y, X] against the lesions of `reference`. InputError without picai_eval."""
    evaluate_case = _picai_matching()
    detections = extract_candidates(confidence) if graded else confidence.astype(np.float32)
    counts = (detections > 0) | reference
    if not counts.any():
        return CaseCandidates((), 0.0)
    # All that counts lies in this box, and picai_eval visits every component with the whole of what it is given.
    box = box_of(counts).slices
    rows, score, *_ = evaluate_case(detections[box], reference[box].astype(np.int32))
    found = tuple(LesionCandidate(bool(is_lesion), float(value), float(iou)) for is_lesion, value, iou in rows)
    return CaseCandidates(found, float(score))


def require_picai_eval() -> None:
    """InputError without it: better before a training than after."""
    _picai_matching()


def _picai_matching() -> Callable[..., Any]:
    """picai_eval's; the package greets on standard output when imported."""
    try:
        with redirect_stdout(StringIO()):
            from picai_eval.eval import evaluate_case
    except ImportError as error:
        raise InputError(f"Detection figures need picai_eval; {INSTALL}") from error
    return evaluate_case
