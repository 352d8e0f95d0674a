"""The prompted head: each word of a prompt says of each voxel whether it fits, and the prompt how much to trust."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from ..text import TextBatch
from .concept_tower import ConceptTower
from .features import ImageFeatures
from .settings import PromptedSettings

COORDINATES, ZONES, CHANNELS = 5, 5, 3
PLACE = 2 * (COORDINATES + ZONES) + 1
FOUND_VOXELS = 12  # of 3 x 1.5 x 1.5 mm: 0.08 mL


class Scale(nn.Module):
    """Values [V, E] less their mean over the training cases, in their standard deviations there."""

    middle: Tensor
    spread: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))

    def forward(self, values: Tensor) -> Tensor:
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
        """InputError where a word is unknown."""
        words: TextBatch = self.tower([self.settings.numbers(prompt) for prompt in prompts])
        return words

    def forward(self, features: ImageFeatures, text: TextBatch) -> Tensor:
        """The prompted margins of one image's features, [P, Z, Y, X], a prompt of `text` each."""
        size = features.margin.shape[2:]
        place, evidence = (part[0].flatten(1).T for part in (features.place, features.evidence))
        change = self.change(self.place(place), self.seen(self.scale(evidence)), text)
        return features.margin[0] + change.reshape(-1, *size)

    def change(self, place: Tensor, seen: Tensor, text: TextBatch) -> Tensor:
        """[P, V] from voxels' codes [V, D] and the text of P prompts."""
        fit = (self.fits(place, text) * text.mask[..., None]).sum(dim=1)
        asked = self.asked(text.pooled)
        change: Tensor = fit + asked[:, :-1] @ seen.T + asked[:, -1:]
        return change

    def fits(self, place: Tensor, text: TextBatch) -> Tensor:
        """[P, L, V], 0 or less: how little each word speaks against each voxel."""
        words = self.word(text.tokens)
        return logsigmoid(words[..., :-1] @ place.T + words[..., -1:])


@torch.inference_mode()
def prompted_change(head: PromptedHead, features: ImageFeatures, prompts: tuple[str, ...]) -> Tensor:
    """[Z, Y, X]: what the prompts together add to the base margin, each voxel by the prompt that favours it most.

    A prompt that gives a place is trusted where it finds nothing otherwise: what is found anyhow must not grow by it.
    """
    trust = torch.tensor([head.settings.trust_in(prompt) for prompt in prompts], device=features.margin.device)
    margins = head(features, head.text(prompts))
    found = (margins > 0).flatten(1).sum(dim=1) >= FOUND_VOXELS
    margins = margins + torch.where(found, 0.0, trust)[:, None, None, None]
    change: Tensor = margins.amax(dim=0) - features.margin[0, 0]
    return change
