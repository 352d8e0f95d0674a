"""One case judged: overlap and surface, every lesion, candidates, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..core.boxes import box_of
from ..core.case_names import patient_of
from .calibration import Reliability
from .candidates import CaseCandidates, match_candidates
from .detection import NEIGHBOURS_26, Detection, match_lesions, without_specks
from .metrics import CaseMetrics, case_metrics
from .volumes import Prediction, ReferenceMask

MARGIN_VOXELS = 1  # around a lesion and its match, so that cutting them out changes no surface


@dataclass(frozen=True)
class LesionRow:
    """One lesion of the reference; `metrics` against the component that finds it, or against nothing if missed."""

    number: int
    found: bool
    metrics: CaseMetrics


@dataclass(frozen=True, eq=False)
class CaseRow:
    """`patient`: cases of one patient are resampled together. `reliability`: None for masks, which claim nothing."""

    case: str
    patient: str
    metrics: CaseMetrics
    detection: Detection
    lesions: tuple[LesionRow, ...]
    detections: CaseCandidates
    reliability: Reliability | None
    resampled: bool

    @property
    def positive(self) -> bool:
        """Whether the reference has a lesion."""
        return self.metrics.positive


def judge(
    case: str,
    reference: ReferenceMask,
    prediction: Prediction,
    minimum_ml: float,
    region: NDArray[np.bool_] | None = None,
) -> CaseRow:
    """`minimum_ml`: smaller predicted components are dropped beforehand. `region`: where calibration is measured."""
    spacing = reference.grid.spacing_zyx
    mask = without_specks(prediction.mask, spacing, minimum_ml)
    lesions, count = label(reference.mask, NEIGHBOURS_26)
    matching = match_lesions(lesions, mask)
    rows = tuple(
        _lesion_row(number, lesions == number, matching.components == matching.pairs.get(number, -1), spacing)
        for number in range(1, count + 1)
    )
    return CaseRow(
        case,
        patient_of(case),
        case_metrics(reference.mask, mask, spacing),
        Detection(count, len(matching.pairs), len(matching.false_positives)),
        rows,
        match_candidates(prediction.confidence, reference.mask, prediction.graded),
        _reliability(prediction, reference.mask, region),
        prediction.resampled,
    )


def _lesion_row(
    number: int, lesion: NDArray[np.bool_], component: NDArray[np.bool_], spacing: tuple[float, ...]
) -> LesionRow:
    box = box_of(lesion | component).grown((MARGIN_VOXELS,) * 3, lesion.shape).slices
    return LesionRow(number, bool(component.any()), case_metrics(lesion[box], component[box], spacing))


def _reliability(
    prediction: Prediction, truth: NDArray[np.bool_], region: NDArray[np.bool_] | None
) -> Reliability | None:
    if not prediction.graded or (region is not None and not region.any()):
        return None
    inside = np.ones(truth.shape, bool) if region is None else region
    return Reliability.of(prediction.confidence[inside], truth[inside])
