"""The prompted head: each word of a prompt says of each voxel whether it fits, and the prompt how much to trust."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..text import TextBatch
from .change import strongest_change
from .concept_tower import ConceptTower
from .features import ImageFeatures
from .settings import PromptedSettings

COORDINATES, ZONES, CHANNELS = 5, 5, 3
PLACE = 2 * (COORDINATES + ZONES) + 1


class Scale(nn.Module):
    """Values [V, E] less their mean over the training cases, in their standard deviations there."""

    middle: Tensor
    spread: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))

    def forward(self, values: Tensor) -> Tensor:
        """Each channel with mean 0 and deviation 1 over the cases that it was fitted to."""
        return (values - self.middle) / self.spread


class PromptedHead(nn.Module):
    """Log-odds that join the base margin: the fit of every word, and the evidence that the whole prompt asks for.

    A word fits a voxel by log sigmoid of a learned product with the voxel's place: near 0 where it does, far below
    where it does not; the words of a prompt add up to a soft "and". The evidence is a product of the prompt with what
    the network saw: told to look there, weaker signs suffice.
    """

    def __init__(self, settings: PromptedSettings) -> None:
        super().__init__()
        self.settings = settings
        self.tower = ConceptTower(len(settings.concepts), settings.width, settings.heads)
        width, hidden = settings.width, settings.hidden
        evidence = 1 + 3 * CHANNELS + sum(settings.features) + PLACE
        self.scale = Scale(evidence)
        self.place = nn.Sequential(nn.Linear(PLACE, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.word = nn.Linear(width, width + 1)
        self.seen = nn.Sequential(nn.Linear(evidence, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.asked = nn.Linear(width, width + 1)

    def text(self, prompts: tuple[str, ...]) -> TextBatch:
        """Of every reading of every prompt; InputError where a word is unknown."""
        words: TextBatch = self.tower([reading for prompt in prompts for reading in self.settings.readings(prompt)])
        return words

    def forward(self, features: ImageFeatures, text: TextBatch) -> Tensor:
        """What each prompt of `text` adds to the base margin of one image, [P, Z, Y, X]."""
        place, evidence = (torch.from_numpy(part).flatten(1).T for part in (features.place, features.evidence))
        return self.of_voxels(place, evidence, text).reshape(-1, *features.margin.shape)

    def of_voxels(self, place: Tensor, evidence: Tensor, text: TextBatch) -> Tensor:
        """[P, V] from the features of voxels, [V, P] and [V, E], and the text of P prompts."""
        return self.change(self.place(place), self.seen(self.scale(evidence)), text)

    def change(self, place: Tensor, seen: Tensor, text: TextBatch) -> Tensor:
        """[P, V] from voxels' codes [V, D] and the text of P prompts."""
        fit = (self.fits(place, text) * text.mask[..., None]).sum(dim=1)
        asked = self.asked(text.pooled)
        change: Tensor = fit + asked[:, :-1] @ seen.T + asked[:, -1:]
        return change

    def fits(self, place: Tensor, text: TextBatch) -> Tensor:
        """[P, L, V], 0 or less: how little each word speaks against each voxel."""
        words = self.word(text.tokens)
        return -softplus(-(words[..., :-1] @ place.T + words[..., -1:]))  # log sigmoid, exported without overflow


@torch.inference_mode()
def prompted_change(head: PromptedHead, features: ImageFeatures, prompts: tuple[str, ...]) -> NDArray[np.float32]:
    """[Z, Y, X]: see `strongest_change`."""
    return strongest_change(head.settings, prompts, head(features, head.text(prompts)).numpy(), features.margin)


def prompt_token(head: PromptedHead, prompts: tuple[str, ...]) -> Tensor:
    """[D]: what the boundary refiner reads of the prompts, the mean of their words as the bundle's tower has them."""
    return head.text(prompts).pooled.mean(dim=0)
