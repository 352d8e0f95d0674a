"""What a finding's own images say of each voxel: more like its inside, or more like what lies around it."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import max_pool2d

from .settings import LARGEST_MARGIN

LARGEST_EVIDENCE = 8.0  # log-odds
LEAST_VARIANCE = 0.01  # of images whose unit is about the standard deviation in the gland


def evidence(images: Tensor, margin: Tensor, reach: int) -> Tensor:
    """[C, Z, Y, X], log-odds: of each image by itself, were its values normal inside and around with one variance.

    Inside and around are weighted by the base `margin` [Z, Y, X]; around: up to `reach` voxels in the slice. An image
    through any rising straight line says the same, an image without contrast says nothing.
    """
    share = margin.clamp(-LARGEST_MARGIN, LARGEST_MARGIN).sigmoid()
    near = max_pool2d(share[:, None], 2 * reach + 1, 1, reach)[:, 0]
    (inside, scatter), (around, other) = (_moments(images, weight) for weight in (share, (1 - share) * near))
    slope = (inside - around) / ((scatter + other) / 2 + LEAST_VARIANCE)
    return ((images - (inside + around) / 2) * slope).clamp(-LARGEST_EVIDENCE, LARGEST_EVIDENCE)


def without_mean(delta: Tensor, margin: Tensor) -> Tensor:
    """Delta less its mean over the crop, weighted by p (1 - p) of the base `margin`, so that to first order the finding
    keeps its expected volume."""
    share = margin.clamp(-LARGEST_MARGIN, LARGEST_MARGIN).sigmoid()
    weight = share * (1 - share)
    return delta - (delta * weight).sum() / weight.sum()


def _moments(images: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance [C, 1, 1, 1]."""
    total, axes = weight.sum(), (1, 2, 3)
    mean = (images * weight).sum(axes, keepdim=True) / total
    return mean, ((images - mean) ** 2 * weight).sum(axes, keepdim=True) / total
