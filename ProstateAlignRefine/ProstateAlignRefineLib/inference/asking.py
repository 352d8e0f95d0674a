"""A loaded bundle asked for something else than its own prompt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..bundle.stored_text import StoredText
from ..core.errors import InputError
from .device import is_there
from .engine.choice import Loaded
from .engine.exported import ExportedBundle

TEXT_INSTALL = 'in the clone: pip install ".[text]"'


def with_prompt(bundle: Loaded, prompt: str) -> Loaded:
    """Guided by `prompt`: by the prompted head where there is one, which needs no text encoder; else by its text.

    InputError where a word is unknown, or where what encodes text is not installed.
    """
    if not isinstance(bundle, ExportedBundle):
        from ..network.text_encoder import with_prompt as with_torch

        return with_torch(bundle, prompt)
    if bundle.prompted is not None:
        return replace(bundle, prompts=bundle.prompted.settings.asked(bundle.config.prompt, prompt))
    return bundle if prompt.strip() == bundle.config.prompt else _with_text(bundle, prompt)


def _with_text(bundle: ExportedBundle, prompt: str) -> ExportedBundle:
    if not is_there("torch"):
        raise InputError(f"A new prompt needs the model's text encoder; run {TEXT_INSTALL}, or keep the prompt.")
    from ..network.text import TextEmbedding, of_stored
    from ..network.text_encoder import Guided, texts_for

    def stored(text: TextEmbedding) -> StoredText:
        pooled, tokens = (part.numpy().astype(np.float32) for part in (text.pooled, text.tokens))
        return StoredText(text.prompts, pooled, tokens, text.mask.numpy(), text.encoder)

    text, mirrored = texts_for(Guided(bundle.config, of_stored(bundle.text)), prompt)
    return replace(bundle, text=stored(text), mirrored_text=stored(mirrored))
