"""The refiner: every voxel asks the text tokens how its features should change (paper: refine)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..bundle.config import Architecture
from .attention import attended
from .positions import PositionCode, Windows

GAMMA = 0.255
DROPOUT = 0.1
QUERIES_AT_ONCE = 2**16  # bounds the memory of attention over the millions of voxels of a whole region


class Refiner(nn.Module):
    """x + tanh(gamma) * delta, delta from cross-attention of voxels (queries) to text tokens (keys, values).

    With one token the softmax over keys is 1 and delta is the same vector at every voxel (the authors' setting). With
    several tokens it follows the voxel's features and, with `positions`, the voxel's place.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        features, settings = architecture.features_per_stage[0], architecture.refiner
        self.gamma = nn.Parameter(torch.tensor(GAMMA))
        self.to_d = nn.Linear(features, settings.dim, bias=False)
        self.q = nn.Linear(settings.dim, settings.dim, bias=False)
        self.k = nn.Linear(architecture.text_width, settings.dim, bias=False)
        self.v = nn.Linear(architecture.text_width, settings.dim, bias=False)
        self.attention = nn.MultiheadAttention(settings.dim, settings.heads, DROPOUT, batch_first=True)
        self.from_d = nn.Linear(settings.dim, features, bias=False)
        self.positions = PositionCode(settings.dim) if settings.positions else None

    def forward(self, x: Tensor, tokens: Tensor, mask: Tensor, windows: Windows = None) -> Tensor:
        """Features [B, C, Z, Y, X], tokens [B, L, D], mask [B, L] (True: a real token) to refined features."""
        return x + torch.tanh(self.gamma) * self.delta(x, tokens, mask, windows)

    def delta(self, x: Tensor, tokens: Tensor, mask: Tensor, windows: Windows = None) -> Tensor:
        """The proposed change of every voxel's features, [B, C, Z, Y, X]."""
        places = self.positions(x.shape[2:], windows, x.device).flatten(1, 3) if self.positions else None
        voxels = x.flatten(2).transpose(1, 2)
        step = voxels.shape[1] if self.training else QUERIES_AT_ONCE
        parts = [
            self.of_voxels(voxels[:, n : n + step], tokens, mask, None if places is None else places[:, n : n + step])
            for n in range(0, voxels.shape[1], step)
        ]
        return torch.cat(parts, dim=1).transpose(1, 2).reshape(x.shape)

    def of_voxels(self, voxels: Tensor, tokens: Tensor, mask: Tensor, places: Tensor | None) -> Tensor:
        """`delta` of voxels [B, V, C] whose places are coded as `places` [1 or B, V, dim]."""
        queries = self.q(self.to_d(voxels))
        if places is not None:
            queries = queries + places
        change: Tensor = self.from_d(attended(self.attention, queries, self.k(tokens), self.v(tokens), mask))
        return change
