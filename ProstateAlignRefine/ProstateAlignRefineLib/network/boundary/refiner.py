"""Convolutions over a crop around a finding: how far the base margin should move at each voxel."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, pad

from ...core.anatomy import GlandZone
from .evidence import evidence, without_mean
from .settings import MARGIN_SCALE, BoundarySettings

Size: TypeAlias = tuple[int, int]

IMAGES = 3
SHARP = IMAGES + 1  # images and margin: read of the slices above and below, too
CHANNELS = SHARP + len(GlandZone)
"""Images, margin, zone shares, in this order."""
LARGEST_INPUT = 8.0  # in standard deviations over the training crops
GAIN = 0.5  # of each image's evidence before training


class Block(nn.Module):
    """Two convolutions in the slice, and what the slices above and below say, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.neighbours = nn.Parameter(torch.zeros(2, width, 1, 1))
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[Z, C, Y, X], slices as a batch: each sees its neighbours by one learned share of either."""
        inner = gelu(self.first(gelu(x)))
        above, below = _above_and_below(inner)
        change: Tensor = self.second(inner + self.neighbours[0] * above + self.neighbours[1] * below)
        return x + change


class BoundaryRefiner(nn.Module):
    """Delta [Z, Y, X] of a crop's inputs [C, Z, Y, X] (see `CHANNELS`) and the prompt's token [D].

    Of the images it sees their evidence (see `evidence`), whose weighted sum is delta before the convolutions add
    theirs. Slices are the batch of 2D convolutions at three levels. The prompt scales and shifts the features of the
    coarsest two (FiLM). `middle`, `spread`: of what is seen over the training crops. No outline is moved as a whole
    (see `without_mean`): how far it lies out is the threshold's matter.
    """

    middle: Tensor
    spread: Tensor

    def __init__(self, settings: BoundarySettings) -> None:
        super().__init__()
        self.settings = settings
        fine, mid, coarse = settings.widths
        self.register_buffer("middle", torch.zeros(CHANNELS))
        self.register_buffer("spread", torch.ones(CHANNELS))
        self.gains = nn.Parameter(torch.full((IMAGES,), GAIN))
        self.stem = nn.Conv2d(CHANNELS + 2 * SHARP, fine, 3, padding=1)
        self.fine = Block(fine)
        self.down_mid, self.mid = nn.Conv2d(fine, mid, 2, 2), Block(mid)
        self.down_coarse, self.coarse = nn.Conv2d(mid, coarse, 2, 2), Block(coarse)
        self.film_mid, self.film_coarse = (nn.Linear(settings.text_width, 2 * width) for width in (mid, coarse))
        self.up_mid, self.mid_again = nn.Conv2d(coarse + mid, mid, 1), Block(mid)
        self.up_fine, self.fine_again = nn.Conv2d(mid + fine, fine, 1), Block(fine)
        self.head = nn.Conv2d(fine, 1, 1, bias=False)
        for layer in (self.film_mid, self.film_coarse):
            nn.init.normal_(layer.weight, 0, 0.02)
        nn.init.zeros_(self.head.weight)

    def seen(self, inputs: Tensor) -> Tensor:
        """The inputs with evidence for images."""
        reach = max(1, round(self.settings.reach_mm / self.settings.spacing_mm))
        return torch.cat([evidence(inputs[:IMAGES], inputs[IMAGES] / MARGIN_SCALE, reach), inputs[IMAGES:]])

    def forward(self, inputs: Tensor, text: Tensor) -> Tensor:
        """`inputs` [C, Z, Y, X] of a crop, `text` [D]: how far each voxel's base margin should move, [Z, Y, X], in
        logits."""
        height, width = inputs.shape[2:]
        seen = self.seen(inputs)
        scaled = (seen - self.middle[:, None, None, None]) / self.spread[:, None, None, None]
        slices = scaled.clamp(-LARGEST_INPUT, LARGEST_INPUT).transpose(0, 1)
        slices = torch.cat([slices, *_above_and_below(slices[:, :SHARP])], dim=1)
        slices = pad(slices, (0, -width % 4, 0, -height % 4), mode="replicate")
        fine = self.fine(self.stem(slices))
        mid = self.mid(_modulated(self.down_mid(gelu(fine)), self.film_mid(text)))
        coarse = self.coarse(_modulated(self.down_coarse(gelu(mid)), self.film_coarse(text)))
        mid = self.mid_again(self.up_mid(gelu(torch.cat([_enlarged(coarse, mid), mid], dim=1))))
        fine = self.fine_again(self.up_fine(gelu(torch.cat([_enlarged(mid, fine), fine], dim=1))))
        delta = self.head(gelu(fine))[:, 0, :height, :width] + torch.einsum("c,czyx->zyx", self.gains, seen[:IMAGES])
        return without_mean(delta, inputs[IMAGES] / MARGIN_SCALE)


def _above_and_below(slices: Tensor) -> tuple[Tensor, Tensor]:
    """Of [Z, C, Y, X]; the outermost slices are their own neighbours."""
    return torch.cat([slices[1:], slices[-1:]]), torch.cat([slices[:1], slices[:-1]])


def _modulated(x: Tensor, film: Tensor) -> Tensor:
    scale, shift = film[:, None, None].chunk(2)
    return x * (1 + scale) + shift


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return interpolate(x, list(like.shape[2:]), mode="bilinear", align_corners=False)
