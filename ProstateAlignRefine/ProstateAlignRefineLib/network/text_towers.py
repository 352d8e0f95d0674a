"""Text towers of open_clip, loaded on demand: published ones (BiomedCLIP), and a small one of our own configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import InputError
from ..core.plain_data import read_json
from .hub import CONFIG, FOLDER, HUB, require_encoder

STARTER = "starter:"
INSTALL = 'in the clone: pip install ".[text]"'
STARTER_CONTEXT, STARTER_WIDTH, STARTER_HEADS, STARTER_LAYERS = 64, 64, 4, 2


@dataclass(frozen=True)
class FrozenTextTower:
    """A frozen encoder: prompts to ids [N, L]; ids to projected pooled [N, D] and tokens [N, L, D], and to the mask."""

    tokenize: Callable[[Sequence[str]], Tensor]
    embed: Callable[[Tensor], tuple[Tensor, Tensor]]
    is_token: Callable[[Tensor], Tensor]


def load_tower(encoder: str) -> FrozenTextTower:
    """`hf-hub:owner/name`, `local-dir:folder` or `starter:seed`.

    InputError with the remedy where a package, a file or the network is missing. There is no other encoder to fall
    back to.
    """
    require_encoder(encoder)
    _require_packages(encoder)
    if encoder.startswith(STARTER):
        return _starter_tower(encoder)
    if encoder.startswith(FOLDER):
        return _folder_tower(Path(encoder.removeprefix(FOLDER)))
    if encoder.startswith(HUB):
        return _hub_tower(encoder)
    raise InputError(f"The text encoder '{encoder}' is unknown; it must begin with {HUB}, {FOLDER} or {STARTER}.")


def _require_packages(encoder: str) -> None:
    try:
        import open_clip  # noqa: F401

        if not encoder.startswith(STARTER):
            import transformers  # noqa: F401
    except ImportError as error:
        raise InputError(f"A new prompt needs the package {error.name}; run {INSTALL}, or keep the prompt.") from error


def _starter_tower(encoder: str) -> FrozenTextTower:
    """open_clip's text transformer, small, with fixed random weights: it tells prompts apart, it knows no medicine."""
    from open_clip.tokenizer import SimpleTokenizer
    from open_clip.transformer import TextTransformer

    seed = encoder.removeprefix(STARTER)
    if not (seed.isascii() and seed.isdecimal() and len(seed) < 10):
        raise InputError(f"The text encoder '{encoder}' must end with its seed, a whole number of at most 9 digits.")
    size = {"width": STARTER_WIDTH, "heads": STARTER_HEADS, "layers": STARTER_LAYERS, "output_dim": STARTER_WIDTH}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        tower = TextTransformer(context_length=STARTER_CONTEXT, output_tokens=True, **size).eval()

    def embed(ids: Tensor) -> tuple[Tensor, Tensor]:
        pooled, hidden = tower(ids)
        return pooled, hidden @ tower.text_projection

    def is_token(ids: Tensor) -> Tensor:
        # Padding is 0, which is also the id of "!": what counts is the place of the end token, the highest id.
        return torch.arange(ids.shape[1]) <= ids.argmax(dim=1, keepdim=True)

    return FrozenTextTower(SimpleTokenizer(context_length=STARTER_CONTEXT), embed, is_token)


def _folder_tower(folder: Path) -> FrozenTextTower:
    try:
        content = read_json(folder / CONFIG, CONFIG, "get it again")
        text = dict(content["model_cfg"]["text_cfg"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{CONFIG} of the text encoder '{folder.name}' cannot be read; get it again.") from error
    # As published the configuration names its BERT on the hub, and loading would reach for the network.
    text = {**text, "hf_model_name": str(folder), "hf_tokenizer_name": str(folder), "hf_model_pretrained": False}
    remedy = "get its files again, open_clip_pytorch_model.bin or open_clip_model.safetensors among them"
    return _published_tower(f"{FOLDER}{folder}", f"The text encoder in '{folder.name}'", remedy, text_cfg=text)


def _hub_tower(encoder: str) -> FrozenTextTower:
    remedy = "connect to the internet once, so that it is downloaded and kept, or keep the prompt"
    return _published_tower(encoder, f"The text encoder '{encoder}'", remedy)


def _published_tower(source: str, what: str, remedy: str, **options: Any) -> FrozenTextTower:
    import open_clip

    try:
        # Without require_pretrained a failed download would leave random weights behind a warning.
        model = open_clip.create_model(source, require_pretrained=True, **options).eval()
        tokenizer = open_clip.get_tokenizer(source)
    except Exception as error:  # what readers of damaged weights raise has no base of its own
        raise InputError(f"{what} cannot be loaded; {remedy}.") from error
    text: Any = getattr(model, "text", None)
    if not isinstance(getattr(text, "proj", None), nn.Module) or not hasattr(text, "config"):
        raise InputError(f"{what} has no BERT text tower; use BiomedCLIP or a model of its kind.")
    text.output_tokens = True
    padding = text.config.pad_token_id

    def embed(ids: Tensor) -> tuple[Tensor, Tensor]:
        # Called directly: encode_text fails once the tower also returns its token states, which are not projected.
        pooled, hidden = text(ids)
        return pooled, text.proj(hidden)

    return FrozenTextTower(tokenizer, embed, lambda ids: ids != padding)
