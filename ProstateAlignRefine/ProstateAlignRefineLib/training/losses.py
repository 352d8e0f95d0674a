"""Segmentation, alignment and heatmap losses (docs/method.md).

Shapes: logits [B, 2, Z, Y, X]; target [B, 1, Z, Y, X] with 0 background and 1 lesion; similarity [B, 1, Z, Y, X]
between 0 and 1. Losses are computed in float32 whatever the precision of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses.dice import DiceLoss
from monai.losses.tversky import TverskyLoss
from scipy.ndimage import label
from torch import Tensor

from ..core.errors import InputError
from .zones import IN_GLAND, UNKNOWN

RegionLoss = Literal["tversky", "dice", "focal_tversky"]
HeatmapLoss = Literal["plain", "tempered", "balanced"]
DICE_SMOOTH = 1e-5


@dataclass(frozen=True)
class SegmentationLossSettings:
    """The region term plus cross-entropy over the hardest voxels.

    `alpha` weighs false positives, `beta` false negatives; `gamma` is the focal exponent; `top_share` is the share of
    voxels that count as hardest, 1.0 being plain cross-entropy.
    """

    region: RegionLoss = "tversky"
    alpha: float = 0.3
    beta: float = 0.7
    gamma: float = 1.5
    smooth: float = 1e-5
    top_share: float = 0.1
    label_smoothing: float = 0.05

    def __post_init__(self) -> None:
        if self.region not in get_args(RegionLoss):
            raise InputError(f"region is {self.region!r}, known are {', '.join(get_args(RegionLoss))}.")
        if not 0.0 < self.top_share <= 1.0:
            raise InputError(f"top_share is {self.top_share}, it must lie above 0 and not above 1.")


def segmentation_loss(logits: Tensor, target: Tensor, settings: SegmentationLossSettings) -> Tensor:
    """Region loss over the batch's foreground plus TopK cross-entropy.

    With `dice` the region term is -Dice (lowest -1), as in nnU-Net; the Tversky terms are 1 - index (lowest 0).
    """
    logits = logits.float()
    return _region_loss(logits, target, settings) + topk_cross_entropy(
        logits, target, settings.top_share, settings.label_smoothing
    )


def topk_cross_entropy(logits: Tensor, target: Tensor, share: float, label_smoothing: float) -> Tensor:
    """Mean cross-entropy of the `share` of all the batch's voxels where it is largest."""
    voxels = F.cross_entropy(logits, target[:, 0].long(), reduction="none", label_smoothing=label_smoothing).flatten()
    return voxels.topk(max(int(voxels.numel() * share), 1), sorted=False).values.mean()


def lesion_loss(logits: Tensor, target: Tensor, reach: int = 2) -> Tensor:
    """1 - soft Dice of each connected lesion within `reach` voxels about it in plane, the other lesions left out; the
    mean over lesions, however large each is, and 0 where there are none (after blob loss, Kofler et al. 2023)."""
    foreground = logits.float().softmax(1)[:, 1]
    terms = []
    for probability, mask in zip(foreground, target[:, 0] > 0, strict=True):
        pieces, count = label(mask.cpu().numpy(), np.ones((3, 3, 3)))
        numbers = torch.from_numpy(pieces).to(mask.device)
        for number in range(1, count + 1):
            own = numbers == number
            about = (
                F.max_pool3d(own[None, None].float(), (3, 2 * reach + 1, 2 * reach + 1), 1, (1, reach, reach))[0, 0] > 0
            )
            here = probability[about & ((numbers == 0) | own)]
            overlap = 2 * probability[own].sum()
            terms.append(1 - (overlap + 1) / (here.sum() + own.sum() + 1))
    return torch.stack(terms).mean() if terms else logits.sum() * 0


def deep_supervision_weights(levels: int) -> tuple[float, ...]:
    """1, 1/2, 1/4, ... finest first, the coarsest 0 where there are several, normalised to a sum of 1."""
    weights = [0.5**level for level in range(levels)]
    if levels > 1:
        weights[-1] = 0.0
    return tuple(weight / sum(weights) for weight in weights)


def deep_supervision_loss(
    logits: Sequence[Tensor], targets: Sequence[Tensor], settings: SegmentationLossSettings
) -> Tensor:
    """Weighted sum of the segmentation loss over the decoder's levels, finest first."""
    weights = deep_supervision_weights(len(logits))
    terms = [
        weight * segmentation_loss(output, target, settings)
        for weight, output, target in zip(weights, logits, targets, strict=True)
        if weight > 0
    ]
    return torch.stack(terms).sum()


def targets_like(target: Tensor, logits: Sequence[Tensor]) -> list[Tensor]:
    """The full-size target at the size of every level, by nearest neighbour."""
    return [F.interpolate(target.float(), output.shape[2:], mode="nearest-exact") for output in logits]


def alignment_loss(similarity: Tensor, target: Tensor) -> Tensor:
    """1 - mean similarity over the batch's foreground voxels; 0 where there are none."""
    foreground = (target > 0).float()
    count = foreground.sum()
    return ((1.0 - similarity.float()) * foreground).sum() / count.clamp(min=1.0)


def heatmap_loss(similarity_logits: Tensor, target: Tensor, kind: HeatmapLoss = "plain") -> Tensor:
    """Binary cross-entropy between similarity, given by its logits, and foreground mask.

    `plain` averages over all voxels [paper]. `balanced` gives the foreground and the background half the weight each,
    since a lesion is a few voxels in ten thousand; without foreground it is the background's mean. `tempered` lies
    between: a foreground voxel counts as much as the square root of the background voxels there are for each.
    """
    foreground = (target > 0).float()
    voxels = F.binary_cross_entropy_with_logits(similarity_logits.float(), foreground, reduction="none")
    if kind == "plain":
        return voxels.mean()
    if kind == "tempered":
        share = foreground.mean().clamp(min=1 / foreground.numel())
        weights = 1 + foreground * (((1 - share) / share).sqrt() - 1)
        return (voxels * weights).sum() / weights.sum()
    background = (voxels * (1 - foreground)).sum() / (1 - foreground).sum().clamp(min=1.0)
    lesion = (voxels * foreground).sum() / foreground.sum().clamp(min=1.0)
    present = (foreground.sum() > 0).float()
    return present * 0.5 * (lesion + background) + (1 - present) * background


def anatomy_loss(logits: Tensor, zones: Tensor) -> Tensor:
    """Dice plus cross-entropy of zone logits [B, K, z, y, x] against codes [B, 1, Z, Y, X], at the logits' size.

    The codes are those of `training.zones`. Unknown voxels count nowhere. Those in the gland whose zone is not told ask
    for any zone; where there are some, the gland as a whole is one structure more in the Dice term.
    """
    codes = F.interpolate(zones, logits.shape[2:], mode="nearest-exact")[:, 0].long()
    known, untold = codes != UNKNOWN, codes == IN_GLAND
    logs = F.log_softmax(logits.float(), dim=1)
    labels = codes.where(known & ~untold, 0)
    right = logs.gather(1, labels[:, None])[:, 0]
    right = torch.where(untold, logs[:, 1:].logsumexp(dim=1), right)
    entropy = -(right * known).sum() / known.sum().clamp(min=1)
    told = (known & ~untold)[:, None]
    shares = logs.exp()
    meant = F.one_hot(labels, logits.shape[1]).movedim(-1, 1)
    terms = _dice(shares[:, 1:] * told, meant[:, 1:] * told)
    if bool(untold.any()):
        gland = (codes > 0) & known
        terms = torch.cat([terms, _dice((1 - shares[:, :1]) * known[:, None], gland[:, None])])
    return entropy + (1 - terms).mean() * known.any()


def _dice(shares: Tensor, meant: Tensor) -> Tensor:
    """Soft Dice of each structure over the batch, [B, S, ...] to [S]."""
    axes = (0, *range(2, shares.ndim))
    overlap = (shares * meant).sum(axes)
    return (2 * overlap + DICE_SMOOTH) / (shares.sum(axes) + meant.sum(axes) + DICE_SMOOTH)


def _region_loss(logits: Tensor, target: Tensor, settings: SegmentationLossSettings) -> Tensor:
    shared: dict[str, Any] = {
        "include_background": False,
        "to_onehot_y": True,
        "softmax": True,
        "batch": True,
        "smooth_nr": settings.smooth,
        "smooth_dr": settings.smooth,
    }
    if settings.region == "dice":
        dice: Tensor = DiceLoss(**shared)(logits, target)
        return dice - 1.0
    tversky: Tensor = TverskyLoss(alpha=settings.alpha, beta=settings.beta, **shared)(logits, target)
    return tversky.pow(settings.gamma) if settings.region == "focal_tversky" else tversky
