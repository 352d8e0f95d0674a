"""What a training step minimises in each phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.gate import gate_logits
from ..model.network import NetworkOutput, foreground_confidence
from .config import BundleSettings, LossSettings
from .losses import alignment_loss, deep_supervision_loss, heatmap_loss, segmentation_loss, targets_like
from .patches import Patch
from .sides import TrainingText


@dataclass(frozen=True)
class StepLoss:
    """`total` carries the gradient; `parts` are its unweighted components."""

    total: Tensor
    parts: dict[str, float]


def forward(network: nn.Module, batch: Sequence[Patch], text: TrainingText) -> tuple[NetworkOutput, Tensor]:
    """Outputs and target [B, 1, Z, Y, X] of patches of one size, each with its own place in its region."""
    device = text.plain.pooled.device
    image = torch.stack([patch.image for patch in batch]).to(device)
    words = text.of_patches([patch.sides_swapped for patch in batch])
    output = network(image, words, [patch.window for patch in batch])
    return output, torch.stack([patch.target for patch in batch]).to(device)


def joint_loss(output: NetworkOutput, target: Tensor, settings: LossSettings, auxiliary_scale: float) -> StepLoss:
    """Segmentation with deep supervision, plus alignment and heatmap losses at `auxiliary_scale` (0 to 1)."""
    levels = targets_like(target, output.base_logits)
    segmentation = deep_supervision_loss(output.base_logits, levels, settings.segmentation)
    align = alignment_loss(output.similarity, target)
    heat = heatmap_loss(output.similarity_logits, target, settings.heatmap)
    total = segmentation
    if auxiliary_scale > 0:
        total = total + auxiliary_scale * (settings.alignment_weight * align + settings.heatmap_weight * heat)
    return StepLoss(total, {"segmentation": segmentation.item(), "alignment": align.item(), "heatmap": heat.item()})


def refiner_loss(output: NetworkOutput, target: Tensor, settings: LossSettings, bundle: BundleSettings) -> StepLoss:
    """Segmentation of the gated output at full size, no auxiliary losses; the coarser levels keep their supervision."""
    base = output.base_logits[0]
    confidence = foreground_confidence(base, bundle.confidence)
    gated = gate_logits(base, output.refined_logits, confidence, bundle.tau, bundle.alpha)
    logits = [gated, *output.base_logits[1:]]
    total = deep_supervision_loss(logits, targets_like(target, logits), settings.segmentation)
    unedited = segmentation_loss(base.detach(), target, settings.segmentation)
    return StepLoss(total, {"segmentation": total.item(), "unedited": unedited.item()})
