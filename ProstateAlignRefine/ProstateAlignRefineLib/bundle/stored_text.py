"""The text that guides a bundle's network, as its file holds it. Without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class StoredText:
    """One text, of one or more prompts: pooled [D] of unit length, tokens [L, D], mask [L] (True: a real token)."""

    prompts: tuple[str, ...]
    pooled: NDArray[np.float32]
    tokens: NDArray[np.float32]
    mask: NDArray[np.bool_]
    encoder: str

    def __post_init__(self) -> None:
        check_text(self.prompts, self.pooled, self.tokens, self.mask)

    @property
    def width(self) -> int:
        """D, of the pooled vector and of a token."""
        return int(self.pooled.shape[0])

    def save(self, path: Path) -> None:
        """A .npz file of float32 and bool arrays and fixed-width strings; no pickles."""
        np.savez(
            path,
            prompts=np.array(self.prompts, dtype=np.str_),
            pooled=self.pooled,
            tokens=self.tokens,
            mask=self.mask,
            encoder=np.array(self.encoder, dtype=np.str_),
        )

    @classmethod
    def load(cls, path: Path) -> StoredText:
        """InputError where the file is missing, damaged, or not a text embedding."""
        if not path.is_file():
            raise InputError(
                f"The text embedding '{path.name}' is missing from the model bundle; get the bundle again."
            )
        try:
            with np.load(path, allow_pickle=False) as stored:
                prompts = tuple(str(prompt) for prompt in stored["prompts"])
                return cls(prompts, stored["pooled"], stored["tokens"], stored["mask"], str(stored["encoder"]))
        except InputError:
            raise
        except Exception as error:  # a damaged file can fail anywhere in the parser
            raise InputError(f"The text embedding '{path.name}' cannot be read; get the model bundle again.") from error


def check_text(
    prompts: tuple[str, ...], pooled: NDArray[np.float32], tokens: NDArray[np.float32], mask: NDArray[np.bool_]
) -> None:
    """InputError for what cannot guide: wrong shapes or types, no real token, no finite unit vector."""
    shapes = (
        pooled.ndim == 1 and tokens.ndim == 2 and tokens.shape[1:] == pooled.shape and mask.shape == tokens.shape[:1]
    )
    floats = all(np.issubdtype(part.dtype, np.floating) for part in (pooled, tokens))
    if not (shapes and floats and mask.dtype == np.bool_ and prompts):
        raise InputError("The text embedding has the wrong shape: pooled [D], tokens [L, D], mask [L] are needed.")
    if not mask.any():
        raise InputError("The text embedding has no token; the network cannot run without text.")
    finite = bool(np.isfinite(pooled).all() and np.isfinite(tokens).all())
    if not finite or abs(float(np.linalg.norm(pooled)) - 1) > UNIT_TOLERANCE:
        raise InputError("The text embedding is not a finite vector of unit length; encode the prompt again.")
