"""A bundle asked for places in studies whose lesions are known: what it marks, whose place is given, and what not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.descriptions import NAMED_ZONES, DescribedLesion, Description, absent_descriptions
from ..core.findings.judge import Judge
from ..core.phrases import ELSEWHERE, paraphrases
from ..core.places import Level
from ..evaluation.detection import match_findings
from ..evaluation.metrics import overlap
from ..inference.device import choose_compute
from ..inference.segment import ForwardPass, answer, forward_pass
from ..network.bundle import Bundle
from ..network.text_encoder import with_prompt
from ..results.folder import volumes_on_t2w
from ..results.lesions_at import lesions_at
from ..results.setting import Setting
from ..training.prompts.cases import described_lesions
from .judging import loaded_bundle
from .phantom_study import PhantomStudy, load_phantom_study

WORDINGS = 5
PLACES_IN_NEGATIVES, THINGS = 2, 2
FULL = 3  # things asked: side, level and zone

Labels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DescribedRow:
    """One lesion, asked for by its side, level and zone. `dice` of the answer with the lesions that these fit, `own` of
    the answer to the bundle's own prompt with them, `elsewhere` of the answer to a place without a lesion.

    `found`, `found_by_own`: whether the lesion itself was. `chosen`: whether the answer lies on the lesions meant more
    than on others; None where there are no others. `false_findings` and `false_ml`: of the answer, off what was meant.
    """

    volume_ml: float
    dice: float
    own: float
    elsewhere: float
    found: bool
    found_by_own: bool
    chosen: bool | None
    false_findings: int
    false_ml: float


@dataclass(frozen=True)
class PromptRow:
    """One study. `absent_ml`: found at places without a lesion; `thing_ml`: for organs, things and "no lesion".

    `agreements`: Dice of other wordings with the first, where either found something.
    """

    patient: str
    positive: bool
    lesions: tuple[DescribedRow, ...]
    absent_ml: tuple[float, ...]
    thing_ml: tuple[float, ...]
    agreements: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Asked:
    """A study that the network has read."""

    seen: ForwardPass
    bundle: Bundle

    def found(self, prompt: str) -> Labels:
        """Numbered findings [Z, Y, X] at the bundle's gate; no rule of findings judges where a place is given."""
        maps = answer(self.seen, with_prompt(self.bundle, prompt), _silent).maps
        return lesions_at(maps, self.seen.study.adc, self._setting).whole

    def own(self) -> Labels:
        """Numbered findings [Z, Y, X] of the bundle's own prompt, judged by its rule of findings where it has one."""
        maps, config = answer(self.seen, self.bundle, _silent).maps, self.bundle.config
        judge = Judge(config.findings, maps, volumes_on_t2w(self.seen.study) if config.findings else {})
        return lesions_at(maps, self.seen.study.adc, self._setting, judge=judge).whole

    @property
    def _setting(self) -> Setting:
        config = self.bundle.config
        return Setting(config.tau, config.alpha, config.minimum_lesion_ml)


def judge_prompts(bundle: Path, folder: Path) -> PromptRow:
    """The study in `folder` (see `phantom_study`). InputError where the bundle has no prompted head."""
    phantom = load_phantom_study(folder)
    patient = f"{folder.parent.name}/{folder.name}"
    seen = forward_pass(phantom.study, loaded_bundle(bundle), choose_compute(), _silent)
    return prompt_row(replace(phantom, name=patient), Asked(seen, loaded_bundle(bundle)))


def prompt_row(phantom: PhantomStudy, asked: Asked) -> PromptRow:
    """Prompts are drawn by the number at the end of the study's name, their wordings too."""
    rng, voxel_ml = np.random.default_rng(int(phantom.name.rpartition("-")[2])), phantom.study.grid.voxel_ml
    described = described_lesions(phantom.lesions, phantom.zones, phantom.study.grid)
    absent = absent_descriptions(list(described.values()))
    as_telling = [one for one in absent if len(one.asked) == FULL]

    def said(description: Description, count: int = 1) -> tuple[str, ...]:
        return paraphrases(description, count, seed=int(rng.integers(2**31)))

    def millilitres(prompt: str) -> float:
        return float((asked.found(prompt) > 0).sum()) * voxel_ml

    told = {label: place for label, lesion in described.items() if (place := description_of(lesion))}
    own = asked.own() if told else np.zeros_like(phantom.lesions)
    rows, agreements = [], []
    places = [_one(rng, absent) for _ in range(0 if told else PLACES_IN_NEGATIVES)]
    absent_ml = [millilitres(said(empty)[0]) for empty in places]
    for label, description in told.items():
        first, *others = said(description, WORDINGS)
        given, wrong = asked.found(first), asked.found(said(_one(rng, as_telling))[0])
        meant = np.isin(phantom.lesions, [one for one, lesion in described.items() if description.fits(lesion)])
        rows.append(_described(phantom, meant, label, (given, own, wrong)))
        absent_ml.append(float((wrong > 0).sum()) * voxel_ml)
        if len(rows) == 1:
            agreements = _agreements(given > 0, [asked.found(other) > 0 for other in others])
    things = rng.choice(len(ELSEWHERE), THINGS, replace=False)
    thing_ml = [millilitres(ELSEWHERE[number]) for number in things]
    positive = bool(described)
    return PromptRow(phantom.name, positive, tuple(rows), tuple(absent_ml), tuple(thing_ml), tuple(agreements))


def description_of(lesion: DescribedLesion) -> Description | None:
    """By side, level and zone; None where the lesion lies outside the gland."""
    place = lesion.place
    if not isinstance(place.level, Level) or place.zone not in NAMED_ZONES:
        return None
    return Description(side=place.side, level=place.level, zone=place.zone)


def _described(phantom: PhantomStudy, meant: Mask, label: int, answers: tuple[Labels, Labels, Labels]) -> DescribedRow:
    """`meant`: the lesions that the description fits; `answers`: to it, to the own prompt, to an empty place."""
    given, own, wrong = answers
    others, voxel_ml = (phantom.lesions > 0) & ~meant, phantom.study.grid.voxel_ml
    on_meant, on_others = (int(((given > 0) & mask).sum()) for mask in (meant, others))
    return DescribedRow(
        volume_ml=float((phantom.lesions == label).sum()) * voxel_ml,
        dice=overlap(meant, given > 0).dice,
        own=overlap(meant, own > 0).dice,
        elsewhere=overlap(meant, wrong > 0).dice,
        found=_is_found(phantom.lesions, label, given),
        found_by_own=_is_found(phantom.lesions, label, own),
        chosen=on_meant > on_others if others.any() else None,
        false_findings=len(match_findings(np.where(meant, phantom.lesions, 0), given).false_positives),
        false_ml=float(((given > 0) & ~meant).sum()) * voxel_ml,
    )


def _is_found(lesions: Labels, label: int, findings: Labels) -> bool:
    return label in match_findings(lesions, findings).pairs


def _agreements(first: Mask, others: Sequence[Mask]) -> list[float]:
    return [overlap(first, other).dice for other in others if (first | other).any()]


def _one(rng: np.random.Generator, choices: Sequence[Description]) -> Description:
    return choices[int(rng.integers(len(choices)))]


def _silent(_stage: str, _done: int, _whole: int) -> None:
    """Progress that nobody watches."""
