"""The text that guides the network, as numbers: one pooled vector, and tokens with a padding mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..core.errors import InputError

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class TextBatch:
    """Text for a batch of images: pooled [B, D], tokens [B, L, D], mask [B, L] (True: a real token)."""

    pooled: Tensor
    tokens: Tensor
    mask: Tensor

    def to(self, device: torch.device | str) -> TextBatch:
        return TextBatch(self.pooled.to(device), self.tokens.to(device), self.mask.to(device))

    def for_images(self, count: int) -> TextBatch:
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
        _check(self)

    @property
    def width(self) -> int:
        return self.pooled.shape[0]

    def to(self, device: torch.device | str) -> TextEmbedding:
        moved = {name: getattr(self, name).to(device) for name in ("pooled", "tokens", "mask")}
        return replace(self, **moved)

    def for_images(self, count: int) -> TextBatch:
        """The same text for each of `count` images."""
        return TextBatch(self.pooled.expand(count, -1), self.tokens.expand(count, -1, -1), self.mask.expand(count, -1))

    def as_one_token(self) -> TextEmbedding:
        """The pooled vector as the only token: the authors' setting."""
        return one_token(self.pooled, self.prompts, self.encoder)


def one_token(pooled: Tensor, prompts: tuple[str, ...], encoder: str) -> TextEmbedding:
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
    """A .npz file of float32 and bool arrays and fixed-width strings; no pickles."""
    np.savez(
        path,
        prompts=np.array(text.prompts, dtype=np.str_),
        pooled=text.pooled.detach().cpu().float().numpy(),
        tokens=text.tokens.detach().cpu().float().numpy(),
        mask=text.mask.cpu().numpy(),
        encoder=np.array(text.encoder, dtype=np.str_),
    )


def load_text(path: Path) -> TextEmbedding:
    """InputError where the file is missing, damaged, or not a text embedding."""
    if not path.is_file():
        raise InputError(f"The text embedding '{path.name}' is missing from the model bundle; get the bundle again.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return TextEmbedding(
                tuple(str(prompt) for prompt in stored["prompts"]),
                torch.from_numpy(stored["pooled"]),
                torch.from_numpy(stored["tokens"]),
                torch.from_numpy(stored["mask"]),
                str(stored["encoder"]),
            )
    except InputError:
        raise
    except Exception as error:  # a damaged file can fail anywhere in the parser
        raise InputError(f"The text embedding '{path.name}' cannot be read; get the model bundle again.") from error


def _check(text: TextEmbedding) -> None:
    """Refuse what cannot guide: wrong shapes or types, no real token, no finite unit vector."""
    tokens, width = text.tokens.shape, text.pooled.shape
    shapes = len(width) == 1 and len(tokens) == 2 and tokens[1] == width[0] and text.mask.shape == tokens[:1]
    kinds = text.pooled.is_floating_point() and text.tokens.is_floating_point() and text.mask.dtype == torch.bool
    if not (shapes and kinds and text.prompts):
        raise InputError("The text embedding has the wrong shape: pooled [D], tokens [L, D], mask [L] are needed.")
    if not bool(text.mask.any()):
        raise InputError("The text embedding has no token; the network cannot run without text.")
    finite = bool(text.pooled.isfinite().all() and text.tokens.isfinite().all())
    if not finite or abs(float(text.pooled.norm()) - 1) > UNIT_TOLERANCE:
        raise InputError("The text embedding is not a finite vector of unit length; encode the prompt again.")
