"""A folder of predictions against a folder of references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..core.errors import InputError
from ..core.geometry import NEAREST, Grid, resample, to_array
from ..core.maps import read_volume
from .cases import CaseRow, judge
from .statistics import RESAMPLES
from .volumes import (
    Prediction,
    find_cases,
    fingerprint,
    of_training_case,
    read_prediction,
    read_reference,
    require_placed,
    require_prediction_of_each,
)


@dataclass(frozen=True)
class Protocol:
    """What is fixed before a cohort is judged.

    `threshold`: a map's voxels from it on are lesion. `minimum_ml`: smaller predicted components are dropped.
    `regions`: folder of masks, named as the cases, inside which calibration is measured (None: the whole volume).
    """

    threshold: float = 0.5
    minimum_ml: float = 0.0
    resamples: int = RESAMPLES
    regions: Path | None = None

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise InputError(f"The threshold is {self.threshold:g}, but it must lie above 0 and not above 1.")
        if self.minimum_ml < 0 or self.resamples < 1:
            raise InputError("The minimum volume must not be negative, and at least one resample is needed.")


@dataclass(frozen=True, eq=False)
class Judged:
    """One system on one cohort. Hashes are of the judged files; `unused` counts predictions without a reference,
    `flattered` results of studies that their model was trained on.

    `empty`: the same cases, had the system never found anything.
    """

    name: str
    rows: tuple[CaseRow, ...]
    empty: tuple[CaseRow, ...]
    predictions_sha256: str
    references_sha256: str
    unused: int
    flattered: int = 0

    @property
    def resampled(self) -> int:
        """How many predictions lay on another grid than their reference and were brought onto it."""
        return sum(row.resampled for row in self.rows)


def judge_folder(predictions: Path, references: Path | Mapping[str, Path], protocol: Protocol) -> Judged:
    """`references`: a folder, or files by case. Every one must have a prediction of the same name; InputError says
    which have none."""
    truths = find_cases(references) if isinstance(references, Path) else references
    answers = find_cases(predictions)
    require_prediction_of_each(truths, answers, predictions)
    regions = _regions(protocol.regions, truths)
    rows, empty = zip(
        *(
            _judge_file(case, answers[case], truths[case], protocol, regions.get(case))
            for case in tqdm(sorted(truths), predictions.name, unit="case")
        ),
        strict=True,
    )
    names = sorted(truths)
    unused = len(set(answers) - set(truths))
    flattered = sum(of_training_case(answers[name]) for name in names)
    hashes = fingerprint(answers, names), fingerprint(truths, names)
    return Judged(predictions.name, rows, empty, *hashes, unused, flattered)


def _judge_file(
    case: str, answer: Path, truth: Path, protocol: Protocol, region: Path | None
) -> tuple[CaseRow, CaseRow]:
    """The prediction, and an empty one in its place."""
    reference = read_reference(truth)
    prediction = read_prediction(answer, reference.grid, protocol.threshold)
    if prediction.resampled:
        require_placed(truth, reference.placed)
    inside = None if region is None else _mask_on(region, reference.grid)
    nothing = Prediction.nothing(reference.grid)
    return (
        judge(case, reference, prediction, protocol.minimum_ml, inside),
        judge(case, reference, nothing, protocol.minimum_ml),
    )


def _regions(folder: Path | None, cases: Sequence[str] | Mapping[str, Path]) -> Mapping[str, Path]:
    if folder is None:
        return {}
    found = find_cases(folder)
    missing = len(set(cases) - set(found))
    if missing:
        raise InputError(f"{missing} of {len(cases)} cases have no mask in '{folder.name}'; add them.")
    return found


def _mask_on(path: Path, grid: Grid) -> NDArray[np.bool_]:
    return to_array(resample(read_volume(path) > 0, grid, NEAREST)) > 0
