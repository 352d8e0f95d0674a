"""The Align then Refine network (docs/method.md). The gate stands outside, in core.gate."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..bundle.config import Architecture, Confidence
from .anatomy import AnatomyHead
from .blocks import Fusion
from .decoder import Decoder
from .encoder import Encoder
from .positions import Windows
from .refiner import Refiner
from .similarity import SimilarityHead
from .text import TextBatch, TextEmbedding

FOREGROUND = 1


@dataclass(frozen=True)
class NetworkOutput:
    """Float32 throughout.

    `base_logits`: [B, 2, ...] of every decoder level, finest (full size) first. `refined_logits` [B, 2, Z, Y, X]: the
    finest level with the refiner wholly on, before the gate. `similarity` [B, 1, Z, Y, X]: 0 to 1, the sigmoid of
    `similarity_logits`. `anatomy_logits` [B, 5, ...]: of core.anatomy.GlandZone, at the second decoder level; None
    without that head. `features`: the decoder's, [B, C, Z, Y, X], finest level first; None where they are not kept.
    """

    base_logits: list[Tensor]
    refined_logits: Tensor
    similarity: Tensor
    similarity_logits: Tensor
    anatomy_logits: Tensor | None = None
    features: list[Tensor] | None = None


@dataclass(frozen=True)
class Seen:
    """What the network sees before it refines: see `NetworkOutput`, with the features of all decoder levels."""

    features: list[Tensor]
    similarity: Tensor
    anatomy: Tensor | None


class AlignRefineNetwork(nn.Module):
    """Three encoders, fusion at every stage, decoder with deep supervision, similarity head, text refiner."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        count = len(architecture.channels)
        self.encoders = nn.ModuleList(Encoder(architecture) for _ in range(count))
        self.fusions = nn.ModuleList(Fusion(count, features) for features in architecture.features_per_stage)
        self.decoder = Decoder(architecture)
        self.similarity = SimilarityHead(architecture)
        self.refiner = Refiner(architecture)
        self.anatomy = AnatomyHead(architecture) if architecture.anatomy else None

    def forward(
        self,
        image: Tensor,
        text: TextEmbedding | TextBatch,
        windows: Windows = None,
        refine: bool = True,
        keep_features: bool = False,
    ) -> NetworkOutput:
        """Image [B, 3, Z, Y, X] in the order of `architecture.channels`, sizes multiples of `size_divisor`.

        `text` lies on the image's device. `windows` tells the images' places in their regions: one for all of them, or
        one an image; without it an image is its whole region. Without `refine` the refined logits are the base logits:
        training that does not read them need not wait for them. `keep_features`: of the two
        finest levels, for new prompts.
        """
        self._check(image, text)
        words = text.for_images(image.shape[0])
        seen = self.seen(image, words.pooled)
        features, similarity = seen.features, seen.similarity
        base = [logits.float() for logits in self.decoder.logits(features)]
        return NetworkOutput(
            base_logits=base,
            refined_logits=self._refined(features[0], words, windows) if refine else base[0],
            similarity=torch.sigmoid(similarity),
            similarity_logits=similarity,
            anatomy_logits=seen.anatomy,
            features=features[:2] if keep_features else None,
        )

    def seen(self, image: Tensor, pooled: Tensor) -> Seen:
        """All but the refiner; `pooled`: the text, [B, D]."""
        skips = self._skips(image)
        features = self.decoder(skips)
        similarity = self.similarity([*features, skips[-1]], pooled, image.shape[2:])
        return Seen(features, similarity, self.anatomy(features).float() if self.anatomy else None)

    def _refined(self, features: Tensor, words: TextBatch, windows: Windows) -> Tensor:
        return self.decoder.finest_logits(self.refiner(features, words.tokens, words.mask, windows)).float()

    def _skips(self, image: Tensor) -> list[Tensor]:
        """Fused maps of every stage, finest first."""
        maps = [encoder(image[:, i : i + 1]) for i, encoder in enumerate(self.encoders)]
        return [fusion(list(stage)) for fusion, stage in zip(self.fusions, zip(*maps, strict=True), strict=True)]

    def _check(self, image: Tensor, text: TextEmbedding | TextBatch) -> None:
        divisor = self.architecture.size_divisor
        if image.ndim != 5 or image.shape[1] != len(self.architecture.channels):
            raise ValueError(f"the network reads [B, {len(self.architecture.channels)}, Z, Y, X], not {image.shape}")
        if any(size % step for size, step in zip(image.shape[2:], divisor, strict=True)):
            raise ValueError(f"input sizes {tuple(image.shape[2:])} must be multiples of {divisor}")
        if text.pooled.shape[-1] != self.architecture.text_width:
            raise ValueError(f"text of width {text.pooled.shape[-1]}, the network reads {self.architecture.text_width}")


def foreground_confidence(base_logits: Tensor, kind: Confidence) -> Tensor:
    """What the gate's tau is compared with, [B, 1, Z, Y, X] from logits [B, 2, Z, Y, X], 0 to 1, without gradient.

    `sigmoid_foreground_logit`: the authors' (the foreground logit alone); `softmax_foreground`: the foreground's
    probability.
    """
    logits = base_logits.detach().float()
    foreground = logits[:, FOREGROUND : FOREGROUND + 1]
    if kind == "sigmoid_foreground_logit":
        return torch.sigmoid(foreground)
    if kind == "softmax_foreground":
        return torch.sigmoid(foreground - logits[:, :FOREGROUND])
    raise ValueError(f"unknown confidence kind {kind!r}")
