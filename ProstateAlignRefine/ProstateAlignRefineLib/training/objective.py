"""What a training step minimises in each phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.gate import gate_logits
from ..network.network import NetworkOutput, foreground_confidence
from .config import BundleSettings, LossSettings
from .losses import (
    alignment_loss,
    anatomy_loss,
    deep_supervision_loss,
    heatmap_loss,
    lesion_loss,
    targets_like,
)
from .mirrored_text import TrainingText
from .patches import Patch


@dataclass(frozen=True)
class StepLoss:
    """`total` carries the gradient; `parts` are its unweighted components."""

    total: Tensor
    parts: dict[str, float]


@dataclass(frozen=True)
class Targets:
    """`lesions` [B, 1, Z, Y, X] (0 / 1), and `zones` of the same shape (see `training.zones`) where they are wanted."""

    lesions: Tensor
    zones: Tensor | None = None


def forward(
    network: nn.Module, batch: Sequence[Patch], text: TrainingText, refine: bool
) -> tuple[NetworkOutput, Targets]:
    """Outputs and targets of patches of one size, each with its own place in its region."""
    device = text.plain.pooled.device
    image = torch.stack([patch.image for patch in batch]).to(device)
    words = text.of_patches([patch.sides_swapped for patch in batch])
    output = network(image, words, [patch.window for patch in batch], refine)
    zones = [patch.zones for patch in batch if patch.zones is not None]
    lesions = torch.stack([patch.target for patch in batch]).to(device)
    return output, Targets(lesions, torch.stack(zones).to(device) if zones else None)


def joint_loss(
    output: NetworkOutput, targets: Targets, settings: LossSettings, auxiliary_scale: float | None
) -> StepLoss:
    """Segmentation with deep supervision, plus alignment and heatmap losses at `auxiliary_scale` (0 to 1).

    None: the network reads no text, so there are no such losses. Without an anatomy head there is none of its loss.
    """
    levels = targets_like(targets.lesions, output.base_logits)
    total = deep_supervision_loss(output.base_logits, levels, settings.segmentation)
    parts = {"segmentation": total.item()}
    if settings.lesion_weight > 0:
        lesions = lesion_loss(output.base_logits[0], targets.lesions)
        total = total + settings.lesion_weight * lesions
        parts["lesions"] = lesions.item()
    if auxiliary_scale is not None:
        align = alignment_loss(output.similarity, targets.lesions)
        heat = heatmap_loss(output.similarity_logits, targets.lesions, settings.heatmap)
        parts |= {"alignment": align.item(), "heatmap": heat.item()}
        if auxiliary_scale > 0:
            total = total + auxiliary_scale * (settings.alignment_weight * align + settings.heatmap_weight * heat)
    if output.anatomy_logits is not None and targets.zones is not None:
        anatomy = anatomy_loss(output.anatomy_logits, targets.zones)
        total = total + settings.anatomy_weight * anatomy
        parts["anatomy"] = anatomy.item()
    return StepLoss(total, parts)


def refiner_loss(output: NetworkOutput, targets: Targets, settings: LossSettings, bundle: BundleSettings) -> StepLoss:
    """Segmentation of the gated output at full size, no auxiliary losses; the coarser levels keep their supervision.

    `unedited`: the same of the base output, so that the two differ by the refiner's edits alone.
    """
    base = output.base_logits[0]
    confidence = foreground_confidence(base, bundle.confidence)
    gated = gate_logits(base, output.refined_logits, confidence, bundle.tau, bundle.alpha)
    levels = targets_like(targets.lesions, output.base_logits)
    total = deep_supervision_loss([gated, *output.base_logits[1:]], levels, settings.segmentation)
    with torch.no_grad():
        unedited = deep_supervision_loss(output.base_logits, levels, settings.segmentation)
    return StepLoss(total, {"segmentation": total.item(), "unedited": unedited.item()})
