"""The text tower: a few trained embeddings, and one layer in which the words of a prompt see each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..attention import attended
from ..text import TextBatch


class ConceptTower(nn.Module):
    """Concepts to tokens. It knows no order, so that two ways of saying the same are the same."""

    def __init__(self, concepts: int, width: int, heads: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(concepts, width)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, prompts: Sequence[Sequence[int]]) -> TextBatch:
        """A row of concept numbers a prompt; tokens [B, L, D], their mean as the pooled vector [B, D]."""
        device = self.embedding.weight.device
        longest = max(map(len, prompts))
        numbers = torch.tensor([[*row, *[0] * (longest - len(row))] for row in prompts], device=device)
        mask = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in prompts], device=device)
        return self.of_numbers(numbers, mask)

    def of_numbers(self, numbers: Tensor, mask: Tensor) -> TextBatch:
        """The same of concept numbers [B, L], of which `mask` [B, L] tells those that are there."""
        words = self.embedding(numbers)
        seen = self.norm(words)
        words = words + attended(self.attention, seen, seen, seen, mask)
        words = (words + self.inner(words)) * mask[..., None]
        return TextBatch(words.sum(dim=1) / mask.sum(dim=1, keepdim=True), words, mask)
