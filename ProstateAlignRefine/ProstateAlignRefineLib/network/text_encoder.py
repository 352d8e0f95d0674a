"""From words to the text that guides the network. Needed for new prompts only: a bundle holds its own text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ..bundle.config import ModelConfig
from ..core.errors import InputError
from ..core.lexicon import swap_sides
from .text import TextEmbedding, join
from .text_towers import FrozenTextTower, load_tower

if TYPE_CHECKING:
    from .bundle import Bundle

SAME_ENCODER_TOLERANCE = 1e-3  # of unit vectors and projected tokens; another encoder is off by hundreds of times this


@dataclass(frozen=True, eq=False)
class Guided:
    """What a text guides, for all that matters here: a bundle's configuration and its own text."""

    config: ModelConfig
    text: TextEmbedding


def encode_prompts(prompts: Sequence[str], encoder: str) -> TextEmbedding:
    """The prompts as one text: pooled vectors averaged and renormalised, the tokens of all of them as keys.

    `encoder`: see `text_towers.load_tower`. InputError where it cannot be loaded, or a prompt is empty or too long.
    """
    return _encode(load_tower(encoder), prompts, encoder)


def embed_prompt(bundle: Guided | Bundle, prompt: str, encoder: str | None = None) -> TextEmbedding:
    """The text for `prompt`: the stored one if it is the bundle's prompt, else encoded as the bundle's text was.

    `encoder` is where to load the encoder from, by default the one the bundle names. It must turn the bundle's stored
    prompts into the stored vectors again, or InputError says so: the network has learned one encoder's space.
    """
    prompt = prompt.strip()
    if prompt == bundle.config.prompt:
        return bundle.text
    tower = load_tower(encoder or bundle.text.encoder)
    _require_same_space(tower, bundle.text)
    text = _encode(tower, [prompt], bundle.text.encoder)
    if len(bundle.text.mask) == 1:
        text = text.as_one_token()
    return text.to(bundle.text.pooled.device)


def texts_for(bundle: Guided | Bundle, prompt: str) -> tuple[TextEmbedding, TextEmbedding]:
    """The text for `prompt` and its mirrored one, see `Bundle`; see `embed_prompt`."""
    text, swapped = embed_prompt(bundle, prompt), swap_sides(prompt)
    mirrors = "x" in bundle.config.inference.mirror_axes and swapped != prompt
    return text, embed_prompt(bundle, swapped) if mirrors else text


def with_prompt(bundle: Bundle, prompt: str) -> Bundle:
    """The bundle guided by `prompt`: by its prompted head where it has one, line by line, else see `embed_prompt`.

    InputError where a word is unknown to that head. Other words for the bundle's own prompt change nothing.
    """
    if bundle.prompted is not None:
        return replace(bundle, prompts=bundle.prompted.settings.asked(bundle.config.prompt, prompt))
    if prompt.strip() == bundle.config.prompt:
        return bundle
    text, mirrored = texts_for(bundle, prompt)
    return replace(bundle, text=text, mirrored_text=mirrored)


@torch.no_grad()
def _encode(tower: FrozenTextTower, prompts: Sequence[str], encoder: str) -> TextEmbedding:
    if not prompts or not all(prompt.strip() for prompt in prompts):
        raise InputError("The prompt is empty; the network cannot run without text.")
    return join([_encode_one(tower, prompt.strip(), encoder) for prompt in prompts])


def _encode_one(tower: FrozenTextTower, prompt: str, encoder: str) -> TextEmbedding:
    ids = tower.tokenize([prompt])
    mask = tower.is_token(ids)[0]
    # The tokenizer cuts what is too long without a word; a text that fills all places may have been cut.
    if bool(mask.all()):
        raise InputError(
            f"The prompt is too long for the text encoder: at most {len(mask) - 1} tokens fit; shorten it."
        )
    pooled, tokens = tower.embed(ids)
    if tokens.shape[1] != len(mask):
        raise InputError(f"The text encoder '{encoder}' does not give one vector a token; use BiomedCLIP or its kind.")
    unit = functional.normalize(pooled[0].float(), dim=0)
    return TextEmbedding((prompt,), unit, tokens[0][mask].float(), mask[mask], encoder)


def _require_same_space(tower: FrozenTextTower, stored: TextEmbedding) -> None:
    again = _encode(tower, stored.prompts, stored.encoder)
    if len(stored.mask) == 1:
        again = again.as_one_token()
    pairs = ((again.pooled, stored.pooled), (again.tokens, stored.tokens[stored.mask]))
    same = all(
        new.shape == old.shape and torch.allclose(new, old.cpu(), rtol=0, atol=SAME_ENCODER_TOLERANCE)
        for new, old in pairs
    )
    if not same:
        raise InputError(
            f"The text encoder does not give the model's stored vector for its own prompt, so a new prompt would be "
            f"meaningless to the model; keep the prompt, or install the encoder '{stored.encoder}' it was made with."
        )
