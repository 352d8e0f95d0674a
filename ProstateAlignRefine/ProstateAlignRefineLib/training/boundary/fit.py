"""The boundary refiner on crops around what the frozen network found: minutes on a CPU core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ...network.boundary.refiner import IMAGES, BoundaryRefiner
from ...network.boundary.settings import MARGIN_SCALE
from .cases import EditCase
from .randomisation import EditCrop, disturbed, mirrored, misjudged, reshaped

Texts = Callable[[str], Tensor]

BATCH, MIRRORED, GENERIC_SHARE = 8, 0.5, 0.5
DISTURBED, MISJUDGED = 0.8, 0.5  # shares of the crops
WEIGHT_DECAY, CLIP, WARM_UP, AVERAGE = 1e-2, 1.0, 50, 0.98
LARGEST_CONSTANT, HALVINGS = 3.0, 10


@dataclass(frozen=True)
class EditFitting:
    """`every`: steps between two looks at the validation cases."""

    steps: int
    rate: float
    seed: int
    every: int


def fit(
    refiner: BoundaryRefiner,
    cases: Sequence[EditCase],
    texts: Texts,
    fitting: EditFitting,
    judge: Callable[[BoundaryRefiner], float],
    *,
    progress: Callable[[int, float], None],
) -> None:
    """Trains in place; what `judge` likes best of the weights' running averages, each `fitting.every` steps, stays."""
    rng = np.random.default_rng(fitting.seed)
    optimizer = torch.optim.AdamW(refiner.parameters(), fitting.rate, weight_decay=WEIGHT_DECAY)
    average, best, score = deepcopy(refiner), deepcopy(refiner.state_dict()), -np.inf
    for step in range(fitting.steps):
        rate = fitting.rate * min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * np.cos(np.pi * step / fitting.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        total = 0.0
        for number in rng.choice(len(cases), BATCH):
            loss = edit_loss(refiner, cases[int(number)], texts, rng) / BATCH
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(refiner.parameters(), CLIP)
        optimizer.step()
        kept = min(AVERAGE, (step + 1) / (step + 10))
        with torch.no_grad():
            for mine, its in zip(average.parameters(), refiner.parameters(), strict=True):
                mine.lerp_(its, 1 - kept)
        progress(step, total)
        if (step + 1) % fitting.every == 0 and (value := judge(average)) > score:
            best, score = deepcopy(average.state_dict()), value
    refiner.load_state_dict(best)


def edit_loss(refiner: BoundaryRefiner, case: EditCase, texts: Texts, rng: np.random.Generator) -> Tensor:
    """Cross-entropy in the band of the moved margin and the constant that suits this crop best: how far out a base's
    outlines lie is its generator's, and nothing to learn."""
    generic = len(case.prompts) == 1 or rng.random() < GENERIC_SHARE
    crop = crop_of(case)
    if generic:  # words of place and size are not those of the mirrored or stretched patient
        crop = reshaped(mirrored(crop) if rng.random() < MIRRORED else crop, rng)
    if rng.random() < DISTURBED:
        crop = disturbed(crop, rng)
    if rng.random() < MISJUDGED:
        crop = misjudged(crop, rng)
    text = texts(case.prompts[0] if generic else case.prompts[int(rng.integers(1, len(case.prompts)))])
    margin = (crop.inputs[IMAGES] / MARGIN_SCALE + refiner(crop.inputs, text))[crop.band]
    truth = crop.truth[crop.band].float()
    return binary_cross_entropy_with_logits(margin + best_constant(margin.detach(), truth), truth)


def crop_of(case: EditCase) -> EditCrop:
    """The case as losses read it, its inputs widened from the half precision that they are kept in."""
    return EditCrop(case.inputs.float(), case.band, case.truth, case.grid.spacing)


def best_constant(margin: Tensor, truth: Tensor) -> float:
    """What, added to all margins, makes their expected volume the true one; by bisection."""
    low, high, volume = -LARGEST_CONSTANT, LARGEST_CONSTANT, float(truth.sum())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if float((margin + middle).sigmoid().sum()) > volume else (middle, high)
    return (low + high) / 2


def scaled_to(refiner: BoundaryRefiner, cases: Sequence[EditCase]) -> None:
    """What the refiner sees in standard deviations of the cases' bands."""
    inside = torch.cat([refiner.seen(case.inputs.float())[:, case.band].T[::7] for case in cases])
    refiner.middle.copy_(inside.mean(dim=0))
    refiner.spread.copy_(inside.std(dim=0) + 1e-3)
