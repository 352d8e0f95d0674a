"""The prompted head on frozen features: minutes on a CPU core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ...network.prompted.head import PromptedHead
from ...network.prompted.settings import PromptedSettings
from .cases import PromptCase
from .drawing import draw_prompts
from .words import size_loss, word_loss

WIDTH, HEADS, HIDDEN = 32, 4, 48
TRUST = 2.0  # recovered 6 of 10 missed lesions of 0.3 mL or more in validation studies, 1 of 10 without
BATCH, POSITIVE_SHARE, MIRRORED = 2, 0.75, 0.5
WEIGHT_DECAY, CLIP, WARM_UP, AVERAGE = 1e-2, 5.0, 50, 0.995
LESION_VOXELS = 400.0  # cross-entropy is summed over voxels in these, so that background counts by its volume
MOST_LOSS = 20.0
WORDS = 1.0  # weight of what single words mean
WORD_BIAS = 1.0  # at the start no word speaks much against any place; larger ones leave too little to learn from
_SIGNED = (0, 1, 10, 11)  # coordinates to the left, of the voxel and of what it belongs to


@dataclass(frozen=True)
class Fitting:
    """`rate`: the highest learning rate, after the warm-up; `seed`: of what is drawn in which order."""

    steps: int
    rate: float
    seed: int


def new_head(cases: Sequence[PromptCase], settings: PromptedSettings) -> PromptedHead:
    """Untrained, the evidence scaled by that of the cases."""
    head = PromptedHead(settings)
    evidence = torch.cat([case.evidence[::5].float() for case in cases])
    with torch.no_grad():
        head.scale.middle.copy_(evidence.mean(dim=0))
        head.scale.spread.copy_(evidence.std(dim=0) + 1e-3)
        head.word.bias.fill_(WORD_BIAS)
        head.asked.weight.normal_(0, 0.01)
        head.asked.bias.zero_()
    return head


def fit(
    head: PromptedHead, cases: Sequence[PromptCase], fitting: Fitting, progress: Callable[[int, float], None]
) -> None:
    """Trains in place; the running average of the weights stays. `progress(step, loss)` every step."""
    rng = np.random.default_rng(fitting.seed)
    optimizer = torch.optim.AdamW(head.parameters(), fitting.rate, weight_decay=WEIGHT_DECAY)
    positive = [case for case in cases if case.described]
    negative = [case for case in cases if not case.described] or positive
    average = {name: value.clone() for name, value in head.state_dict().items()}
    for step in range(fitting.steps):
        rate = fitting.rate * min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * np.cos(np.pi * step / fitting.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        pools = [positive if rng.random() < POSITIVE_SHARE else negative for _ in range(BATCH)]
        chosen = [pool[int(rng.integers(len(pool)))] for pool in pools]
        loss = torch.stack([_loss(head, case, rng) for case in chosen]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), CLIP)
        optimizer.step()
        kept = min(AVERAGE, (step + 1) / (step + 10))
        for name, value in head.state_dict().items():
            average[name].mul_(kept).add_(value, alpha=1 - kept)
        progress(step, float(loss.detach()))
    head.load_state_dict(average)


def _loss(head: PromptedHead, case: PromptCase, rng: np.random.Generator) -> Tensor:
    words = word_loss(head, case, rng) + size_loss(head, case, rng)
    return prompt_loss(head, case, rng) + WORDS * words


def prompt_loss(head: PromptedHead, case: PromptCase, rng: np.random.Generator) -> Tensor:
    """Of one case and freshly drawn prompts: cross-entropy, and soft Dice where a prompt means a lesion."""
    mirrored = bool(rng.random() < MIRRORED)
    asked = draw_prompts(rng, case.described, mirrored)
    place, evidence = case.place.float(), case.evidence.float()
    if mirrored:
        place, evidence = _mirrored(place), torch.cat([evidence[:, : -place.shape[1]], _mirrored(place)], dim=1)
    text = head.text(tuple(one.prompt for one in asked))
    margin = case.margin + head.change(head.place(place), head.seen(head.scale(evidence)), text)
    truth = torch.stack([torch.isin(case.lesions, torch.tensor(one.labels)).float() for one in asked])
    entropy = binary_cross_entropy_with_logits(margin, truth, reduction="none") @ case.weight / LESION_VOXELS
    share = torch.sigmoid(margin)
    overlap, volume = 2 * (share * truth) @ case.weight + 1, (share + truth) @ case.weight + 1
    meant = truth.any(dim=1).float()
    return (entropy.clamp(max=MOST_LOSS) + (1 - overlap / volume) * meant).mean()


def _mirrored(place: Tensor) -> Tensor:
    signs = torch.ones(place.shape[1])
    signs[list(_SIGNED)] = -1
    return place * signs
