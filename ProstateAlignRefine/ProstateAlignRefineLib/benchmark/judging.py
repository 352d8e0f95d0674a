"""A bundle on studies whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.findings.judge import Judge
from ..core.gate import gated_margin
from ..core.lesions import Lesion
from ..core.maps import Maps
from ..core.study import Study
from ..evaluation.calibration import Reliability, probabilities
from ..evaluation.cases import judge
from ..evaluation.volumes import Prediction, ReferenceMask
from ..inference.device import choose_compute
from ..inference.segment import segment_entered
from ..network.bundle import Bundle, load_bundle
from ..results.folder import volumes_on_t2w
from ..results.lesions_at import LesionsAt, lesions_at
from ..results.setting import Setting
from .contrast import lesion_contrasts
from .phantom_study import PhantomStudy, load_phantom_study
from .rows import BenchmarkRow, anatomy_row, findings_reliability, within
from .rules import brightest_hbv, lowest_adc

MODEL, BASE, HBV_RULE, ADC_RULE = "model", "without the refiner", "brightest HBV", "lowest ADC"
SYSTEMS = (MODEL, BASE, HBV_RULE, ADC_RULE)

Rows = Mapping[str, BenchmarkRow]


@dataclass(frozen=True, eq=False)
class GatedAnswer:
    """What a bundle says of a study at one gate setting: `labels` [Z, Y, X] number the `lesions`."""

    maps: Maps
    found: LesionsAt
    prediction: Prediction

    @property
    def labels(self) -> NDArray[np.uint8]:
        return self.found.whole

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        return self.found.lesions


def judge_phantom(bundle: Path, folder: Path) -> Rows:
    """The study in `folder` (see `phantom_study`), a row a system of SYSTEMS."""
    phantom = load_phantom_study(folder)
    loaded = loaded_bundle(bundle)
    region = within(phantom.gland, phantom.study.grid.spacing_zyx)
    rows: dict[str, BenchmarkRow] = {}
    for name, given in zip(
        (MODEL, BASE), gated_answers(phantom.study, loaded, (loaded.config.alpha, 0.0)), strict=True
    ):
        rows[name] = judged_answer(phantom, given, region, loaded.config.minimum_lesion_ml)
    for name, rule in ((HBV_RULE, brightest_hbv), (ADC_RULE, lowest_adc)):
        rows[name] = judged_rule(phantom, rule(phantom.study, phantom.gland))
    contrasts = lesion_contrasts(phantom.study, phantom.lesions > 0, phantom.gland)
    return {name: replace(row, contrasts=contrasts) for name, row in rows.items()}


def gated_answers(study: Study, bundle: Bundle, alphas: Sequence[float]) -> list[GatedAnswer]:
    """To the bundle's own prompt, for which its rule of findings holds, at each alpha."""
    maps = segment_entered(study, bundle, choose_compute(), lambda _stage, _done, _whole: None).maps
    config = bundle.config
    finding_judge = Judge(config.findings, maps, volumes_on_t2w(study) if config.findings else {})
    answers = []
    for alpha in alphas:
        found = lesions_at(maps, study.adc, Setting(config.tau, alpha, config.minimum_lesion_ml), judge=finding_judge)
        confidence = probabilities(gated_margin(maps, config.tau, alpha)).astype(np.float32)
        answers.append(GatedAnswer(maps, found, Prediction(confidence, found.whole > 0, graded=True, resampled=False)))
    return answers


def judged_answer(
    phantom: PhantomStudy, given: GatedAnswer, region: NDArray[np.bool_], minimum_ml: float
) -> BenchmarkRow:
    """`region`: where calibration is measured beside all voxels."""
    truth = phantom.lesions > 0
    row = judge(phantom.name, ReferenceMask(truth, phantom.study.grid), given.prediction, minimum_ml, region)
    everywhere = Reliability.of(given.prediction.confidence.ravel(), truth.ravel())
    findings = findings_reliability(given.labels, given.lesions, phantom.lesions)
    zones = given.maps.zones
    anatomy = None if zones is None else anatomy_row(zones, phantom.zones, phantom.study.grid.voxel_ml)
    return BenchmarkRow.of(row, everywhere, findings, anatomy)


def judged_rule(phantom: PhantomStudy, ball: Prediction) -> BenchmarkRow:
    """A rule's one ball against the truth; it claims no confidence that could be judged."""
    row = judge(phantom.name, ReferenceMask(phantom.lesions > 0, phantom.study.grid), ball, minimum_ml=0.0)
    return BenchmarkRow.of(row)


@lru_cache(maxsize=1)
def loaded_bundle(path: Path) -> Bundle:
    """Loaded once a process."""
    return load_bundle(path)
