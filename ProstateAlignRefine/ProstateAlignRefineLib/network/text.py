"""The text that guides the network, as numbers: one pooled vector, and tokens with a padding mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from ..bundle.stored_text import StoredText, check_text


@dataclass(frozen=True, eq=False)
class TextBatch:
    """Text for a batch of images: pooled [B, D], tokens [B, L, D], mask [B, L] (True: a real token)."""

    pooled: Tensor
    tokens: Tensor
    mask: Tensor

    def to(self, device: torch.device | str) -> TextBatch:
        """Copies on `device`; itself where it is there."""
        return TextBatch(self.pooled.to(device), self.tokens.to(device), self.mask.to(device))

    def for_images(self, count: int) -> TextBatch:
        """Itself where it holds a text for each of `count` images; ValueError where not."""
        if self.pooled.shape[0] != count:
            raise ValueError(f"{count} images were given with text for {self.pooled.shape[0]}")
        return self


@dataclass(frozen=True, eq=False)
class TextEmbedding:
    """One text, of one or more prompts: pooled [D] of unit length, tokens [L, D], mask [L] (True: a real token)."""

    prompts: tuple[str, ...]
    pooled: Tensor
    tokens: Tensor
    mask: Tensor
    encoder: str

    def __post_init__(self) -> None:
        pooled, tokens, mask = (part.detach().cpu().numpy() for part in (self.pooled, self.tokens, self.mask))
        check_text(self.prompts, pooled, tokens, mask)

    @property
    def width(self) -> int:
        """D, of the pooled vector and of a token."""
        return self.pooled.shape[0]

    def to(self, device: torch.device | str) -> TextEmbedding:
        """A copy on `device`."""
        moved = {name: getattr(self, name).to(device) for name in ("pooled", "tokens", "mask")}
        return replace(self, **moved)

    def for_images(self, count: int) -> TextBatch:
        """The same text for each of `count` images."""
        return TextBatch(self.pooled.expand(count, -1), self.tokens.expand(count, -1, -1), self.mask.expand(count, -1))

    def as_one_token(self) -> TextEmbedding:
        """The pooled vector as the only token: the authors' setting."""
        return one_token(self.pooled, self.prompts, self.encoder)


def one_token(pooled: Tensor, prompts: tuple[str, ...], encoder: str) -> TextEmbedding:
    """Of a pooled vector [D] alone, which stands for its only token."""
    return TextEmbedding(prompts, pooled, pooled[None], torch.ones(1, dtype=torch.bool, device=pooled.device), encoder)


def join(texts: Sequence[TextEmbedding]) -> TextEmbedding:
    """Several prompts as one text: pooled vectors averaged and renormalised, tokens of all of them as keys."""
    pooled = functional.normalize(torch.stack([text.pooled for text in texts]).mean(dim=0), dim=0)
    return TextEmbedding(
        tuple(prompt for text in texts for prompt in text.prompts),
        pooled,
        torch.cat([text.tokens for text in texts]),
        torch.cat([text.mask for text in texts]),
        texts[0].encoder,
    )


def stack(texts: Sequence[TextEmbedding]) -> TextBatch:
    """One text an image; shorter ones are padded with zero tokens that the mask hides."""
    longest = max(text.mask.shape[0] for text in texts)
    short = [longest - text.mask.shape[0] for text in texts]
    return TextBatch(
        torch.stack([text.pooled for text in texts]),
        torch.stack([functional.pad(text.tokens, (0, 0, 0, n)) for text, n in zip(texts, short, strict=True)]),
        torch.stack([functional.pad(text.mask, (0, n)) for text, n in zip(texts, short, strict=True)]),
    )


def save_text(text: TextEmbedding, path: Path) -> None:
    """See `StoredText`."""
    tokens, pooled = text.tokens.detach().cpu().float().numpy(), text.pooled.detach().cpu().float().numpy()
    StoredText(text.prompts, pooled, tokens, text.mask.cpu().numpy(), text.encoder).save(path)


def load_text(path: Path) -> TextEmbedding:
    """See `StoredText`."""
    return of_stored(StoredText.load(path))


def of_stored(text: StoredText) -> TextEmbedding:
    """As tensors on the CPU, which share the arrays' memory."""
    pooled, tokens, mask = (torch.from_numpy(part) for part in (text.pooled, text.tokens, text.mask))
    return TextEmbedding(text.prompts, pooled, tokens, mask, text.encoder)
