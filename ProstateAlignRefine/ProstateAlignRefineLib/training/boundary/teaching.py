"""From cases to a judged refiner, and from that to a bundle, or to a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...bundle.summary import CARD_FILE
from ...core.errors import InputError
from ...network.boundary.refiner import BoundaryRefiner
from ...network.boundary.settings import BoundarySettings
from ...network.bundle import Bundle, save_bundle
from ...network.prompted.head import PromptedHead, prompt_token
from ..taught_parts import FINDINGS_HEADING, NETWORK_GATE, REFINER, EditGate, network_gate, without_section
from .card import card_section, shown, summary, with_section
from .cases import EditCase
from .fit import EditFitting, Texts, crop_of, fit, scaled_to
from .judging import EditJudgement, agreement, best_gate, deltas_on_t2w, judged
from .randomisation import disturbed

SPACING_MM, LEAST_SLICE_MM, REACH_MM = 0.75, 2.0, 6.0
WIDTHS = (8, 12, 16)
WIDE_TAU = 0.2
"""Where alpha is chosen, before tau is."""


@dataclass(frozen=True, eq=False)
class Studies:
    """`training` for gradients; `validation` for when to stop, tau, alpha and the constant; `other`: of a family that
    neither network nor refiner was trained on, for one look at the end."""

    training: Sequence[EditCase]
    validation: Sequence[EditCase]
    other: Sequence[EditCase]


@dataclass(frozen=True, eq=False)
class Taught:
    """`judgement` on validation studies, `other` with the same gate and constant on the other family."""

    refiner: BoundaryRefiner
    judgement: EditJudgement
    other: EditJudgement


def settings_for(bundle: Bundle) -> BoundarySettings:
    """Of the refiner that reads this bundle; InputError where it has no prompted head."""
    return BoundarySettings(SPACING_MM, LEAST_SLICE_MM, REACH_MM, WIDTHS, _head(bundle).settings.width)


def taught(
    bundle: Bundle,
    settings: BoundarySettings,
    studies: Studies,
    fitting: EditFitting,
    progress: Callable[[int, float], None],
) -> Taught:
    """InputError where the base found no lesion to learn from or to judge by."""
    found, seen, others = (
        [case for case in cases if case.found] for cases in (studies.training, studies.validation, studies.other)
    )
    if not (found and seen and others):
        raise InputError("The model found no lesion in these studies, so that there is no outline to learn; use more.")
    texts = tokens_of(bundle)
    torch.manual_seed(fitting.seed)
    refiner = BoundaryRefiner(settings)
    scaled_to(refiner, found)
    fit(refiner, found, texts, fitting, judge_of(seen, texts), progress=progress)
    deltas = deltas_on_t2w(refiner.eval(), studies.validation, texts)
    gate = best_gate(studies.validation, deltas, WIDE_TAU)
    old = network_gate(bundle.config) or EditGate(bundle.config.tau, 0.0)
    judgement = judged(studies.validation, deltas, gate, old)
    unseen = deltas_on_t2w(refiner, studies.other, texts)
    return Taught(refiner, judgement, judged(studies.other, unseen, gate, old, judgement.shift))


def judge_of(seen: Sequence[EditCase], texts: Texts) -> Callable[[BoundaryRefiner], float]:
    """Mean agreement on the cases as they are and with their images disturbed: what early stopping looks at."""
    others = [
        replace(case, inputs=disturbed(crop_of(case), np.random.default_rng(number)).inputs.half())
        for number, case in enumerate(seen)
    ]

    def judge(one: BoundaryRefiner) -> float:
        return (
            agreement(seen, deltas_on_t2w(one, seen, texts)) + agreement(seen, deltas_on_t2w(one, others, texts))
        ) / 2

    return judge


def write_taught(path: Path, bundle: Bundle, result: Taught) -> None:
    """InputError with the figures where the refiner did not earn its place.

    A rule of findings is left out: it was fitted at another gate.
    """
    judgement = result.judgement
    print(f"Validation studies\n{summary(judgement)}\n\nThe other family\n{summary(result.other)}")
    for judged_on, good, where in (
        (judgement, judgement.earned, "on validation studies"),
        (result.other, result.other.harmless, "on studies of the other family"),
    ):
        if not good:
            raise InputError(
                f"The refiner is refused, since outlines {where} are no better than by a constant: "
                f"{_sentence(judged_on)}"
            )
    figures: dict[str, object] = {"validation": judgement.figures, "other family": result.other.figures}
    own = network_gate(bundle.config)
    if own is not None:
        figures[NETWORK_GATE] = asdict(own)
    metrics = {**bundle.config.metrics, REFINER: figures}
    gate = judgement.gate
    config = replace(bundle.config, tau=gate.tau, alpha=gate.alpha, metrics=metrics, findings=None)
    card = without_section((bundle.path / CARD_FILE).read_text(encoding="utf-8"), FINDINGS_HEADING)
    if bundle.config.findings is not None:
        print("The rule of findings held at the gate of before and is left out; run teach-findings again.")
    save_bundle(
        path,
        bundle.network,
        config,
        bundle.text,
        with_section(card, card_section(judgement, result.other)),
        mirrored_text=bundle.mirrored_text,
        prompted=bundle.prompted,
        boundary=result.refiner,
    )


def tokens_of(bundle: Bundle) -> Texts:
    """Prompts as the refiner reads them, each asked of the tower once."""
    head, kept = _head(bundle), dict[str, Tensor]()

    def token(prompt: str) -> Tensor:
        if prompt not in kept:
            # Kept for training too, though first asked for in judging.
            with torch.inference_mode(False), torch.no_grad():
                kept[prompt] = prompt_token(head, (prompt,))
        return kept[prompt]

    return token


def _sentence(judgement: EditJudgement) -> str:
    gain = judgement.gain("best constant shift")["NSD 1 mm"]
    return (
        f"delta has mean {judgement.mean:+.3f} and standard deviation {judgement.spread:.3f}, {judgement.removed} "
        f"voxels are removed and {judgement.added} added, and NSD at 1 mm is {shown(gain, '+')} against the best "
        "constant shift; teach it on more studies or for more steps."
    )


def _head(bundle: Bundle) -> PromptedHead:
    if bundle.prompted is None:
        raise InputError("The model has no prompted head, whose words the refiner reads; run teach-prompts first.")
    return bundle.prompted
