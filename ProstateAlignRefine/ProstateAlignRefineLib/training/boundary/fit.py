"""The boundary refiner on crops around what the frozen network found: minutes on a CPU core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from ...network.boundary.refiner import IMAGES, LARGEST_MARGIN, MARGIN_SCALE, BoundaryRefiner
from .cases import EditCase

Texts = Callable[[str], Tensor]

BATCH, PERTURBED, MIRRORED, GENERIC_SHARE = 4, 0.5, 0.5, 0.5
WEIGHT_DECAY, CLIP, WARM_UP, AVERAGE = 1e-2, 1.0, 50, 0.99
NOISE, SHIFT = 1.0, 0.7  # standard deviations of what perturbs margins, log-odds
COARSENESS = 8  # voxels between the knots of smooth noise
MOVED = 2  # voxels a margin is displaced at most
BRIGHTNESS, CONTRAST = 0.15, 0.15
WITHOUT_FEATURES = 0.3  # share of the crops whose decoder features are hidden, so that images alone must tell, too
MEAN = 0.02  # weight of a crop's squared mean delta


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
    """Cross-entropy of the moved margin in the band, and a price on moving all of it alike."""
    inputs, band, truth = case.inputs.float(), case.band, case.truth
    generic = len(case.prompts) == 1 or rng.random() < GENERIC_SHARE
    inputs = torch.cat([inputs[:IMAGES] * (1 + CONTRAST * _normal(rng)) + BRIGHTNESS * _normal(rng), inputs[IMAGES:]])
    if rng.random() < PERTURBED:
        inputs[IMAGES] = _perturbed(inputs[IMAGES] / MARGIN_SCALE, rng) * MARGIN_SCALE
    if rng.random() < WITHOUT_FEATURES:
        inputs[-sum(refiner.settings.features) :] = refiner.middle[-sum(refiner.settings.features) :, None, None, None]
    mirrored = generic and rng.random() < MIRRORED  # words of place are not those of the mirrored patient
    if mirrored:
        inputs, band, truth = inputs.flip(-1), band.flip(-1), truth.flip(-1)
    text = texts(case.prompts[0] if generic else case.prompts[int(rng.integers(1, len(case.prompts)))])
    delta: Tensor = refiner(inputs, text)
    margin = inputs[IMAGES] / MARGIN_SCALE + delta
    entropy = binary_cross_entropy_with_logits(margin[band], truth[band].float())
    return entropy + MEAN * delta[band].mean() ** 2


def _perturbed(margin: Tensor, rng: np.random.Generator) -> Tensor:
    """Moved by a voxel or two, shifted as a whole, and with smooth noise: as another network might have erred."""
    y, x = (int(n) for n in rng.integers(-MOVED, MOVED + 1, 2))
    moved = torch.roll(margin, (y, x), (1, 2))
    knots = [max(2, n // COARSENESS + 1) for n in margin.shape[1:]]
    noise = torch.from_numpy(rng.standard_normal((1, 1, max(2, margin.shape[0] // 2), *knots)).astype(np.float32))
    smooth = interpolate(noise, list(margin.shape), mode="trilinear", align_corners=True)[0, 0]
    shifted = moved + SHIFT * float(rng.standard_normal()) + NOISE * float(rng.random()) * smooth
    return shifted.clamp(-LARGEST_MARGIN, LARGEST_MARGIN)


def _normal(rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.standard_normal((IMAGES, 1, 1, 1)).astype(np.float32))


def scaled_to(refiner: BoundaryRefiner, cases: Sequence[EditCase]) -> None:
    """The refiner's inputs in standard deviations of the cases' bands."""
    inside = torch.cat([case.inputs[:, case.band].float().T[::7] for case in cases])
    refiner.middle.copy_(inside.mean(dim=0))
    refiner.spread.copy_(inside.std(dim=0) + 1e-3)


@torch.inference_mode()
def centred(refiner: BoundaryRefiner, cases: Sequence[EditCase], texts: Texts) -> None:
    """Takes off the mean delta of the cases' bands."""
    deltas = [refiner(case.inputs.float(), texts(case.prompts[0]))[case.band] for case in cases]
    refiner.centre += torch.cat(deltas).mean()
