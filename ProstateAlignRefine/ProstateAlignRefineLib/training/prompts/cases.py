"""What is kept of a study to learn prompts from: the head's features at the voxels that matter, and the lesions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool3d

from ...core.boxes import box_of
from ...core.descriptions import DescribedLesion
from ...core.extents import Extents
from ...core.geometry import Grid, triple
from ...core.gland import measure_gland
from ...core.places import Anatomy
from ...network.prompted.features import ImageFeatures

LEAST_VOXELS = 3
LIKELY_MARGIN = -5.0
NEAR_VOXELS = (3, 5, 5)


@dataclass(frozen=True, eq=False)
class PromptCase:
    """Of V voxels: `place` [V, P], `evidence` [V, E] (float16), `margin` [V], `lesions` [V] numbers, `weight` [V]: how
    many voxels each stands for. `described`: what descriptions say of each lesion."""

    place: Tensor
    evidence: Tensor
    margin: Tensor
    lesions: Tensor
    weight: Tensor
    described: Mapping[int, DescribedLesion]


def prompt_case(
    features: ImageFeatures,
    lesions: NDArray[np.uint8],
    described: Mapping[int, DescribedLesion],
    rng: np.random.Generator,
    others: int,
) -> PromptCase:
    """All voxels that the base does not rule out or that lie at a lesion of `lesions` [Z, Y, X], and `others` of the
    rest."""
    labels = torch.from_numpy(lesions.astype(np.int64))
    margin = torch.from_numpy(features.margin)
    padding = [n // 2 for n in NEAR_VOXELS]
    at_lesion = max_pool3d((labels > 0).float()[None, None], NEAR_VOXELS, 1, padding)[0, 0] > 0
    kept = ((margin > LIKELY_MARGIN) | at_lesion).flatten()
    rest = torch.nonzero(~kept).flatten().numpy()
    picked = torch.from_numpy(rng.choice(rest, min(others, len(rest)), replace=False))
    chosen = torch.cat([torch.nonzero(kept).flatten(), picked])
    weight = torch.ones(len(chosen))
    weight[int(kept.sum()) :] = len(rest) / max(len(picked), 1)
    flat = labels.flatten()
    large = {label: lesion for label, lesion in described.items() if int((flat == label).sum()) >= LEAST_VOXELS}
    return PromptCase(
        torch.from_numpy(features.place).flatten(1).T[chosen].half(),
        torch.from_numpy(features.evidence).flatten(1).T[chosen].half(),
        margin.flatten()[chosen],
        flat[chosen],
        weight,
        large,
    )


def described_lesions(lesions: NDArray[np.uint8], zones: NDArray[np.uint8], grid: Grid) -> dict[int, DescribedLesion]:
    """What is true of each lesion 1..n of [Z, Y, X], by the true zones (`GlandZone` codes) on the same grid."""
    anatomy = Anatomy(grid, measure_gland(zones, grid))
    found = {}
    for label in np.unique(lesions[lesions > 0]):
        inside = lesions == label
        centre = triple(grid.to_lps(np.argwhere(inside).mean(axis=0)[::-1]))
        diameter = Extents.of(inside[box_of(inside).slices], grid.spacing_zyx).in_a_slice
        found[int(label)] = DescribedLesion(anatomy.place(centre, zones[inside]), diameter)
    return found
