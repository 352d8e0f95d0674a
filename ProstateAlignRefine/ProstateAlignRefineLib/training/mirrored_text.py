"""Left and right in the text: a mirrored patch needs the words swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..core.errors import InputError
from ..core.lexicon import swap_sides
from ..network.text import TextBatch, TextEmbedding, load_text, stack
from ..network.text_encoder import encode_prompts
from .config import TextSettings


@dataclass(frozen=True)
class TrainingText:
    """The text of the run, and what it becomes where left and right are swapped (the same where it names no side)."""

    plain: TextEmbedding
    mirrored: TextEmbedding

    def to(self, device: torch.device) -> TrainingText:
        """Copies of both on `device`."""
        return TrainingText(self.plain.to(device), self.mirrored.to(device))

    def of_patches(self, sides_swapped: Sequence[bool]) -> TextBatch:
        """One text a patch."""
        if self.mirrored is self.plain or not any(sides_swapped):
            return self.plain.for_images(len(sides_swapped))
        return stack([self.mirrored if swapped else self.plain for swapped in sides_swapped])


def encode_training_text(settings: TextSettings) -> TrainingText:
    """InputError where the encoder cannot be loaded."""
    plain = _encode(settings.prompts, settings)
    swapped = tuple(swap_sides(prompt) for prompt in settings.prompts)
    return TrainingText(plain, plain if swapped == settings.prompts else _encode(swapped, settings))


def stored_training_text(path: Path, settings: TextSettings) -> TrainingText:
    """What `encode-text` wrote, for machines without the encoder; InputError where it is not the settings' text.

    Prompts that name a side need the encoder: the mirrored ones are other words.
    """
    if not path.is_file():
        raise InputError(f"The text embedding '{path.name}' does not exist; make it with encode-text.")
    text = load_text(path)
    if (text.prompts, text.encoder) != (settings.prompts, settings.encoder):
        wanted = " ".join(f'"{prompt}"' for prompt in settings.prompts)
        raise InputError(
            f"'{path.name}' is the text of other prompts or another encoder than the configuration's; make it with "
            f"encode-text {wanted} --encoder {settings.encoder}."
        )
    if any(swap_sides(prompt) != prompt for prompt in settings.prompts):
        raise InputError(
            f"The prompts name a side, so '{path.name}' lacks the mirrored ones; train where the encoder is."
        )
    plain = text.as_one_token() if settings.tokens == "pooled" else text
    return TrainingText(plain, plain)


def _encode(prompts: Sequence[str], settings: TextSettings) -> TextEmbedding:
    text = encode_prompts(prompts, settings.encoder)
    return text.as_one_token() if settings.tokens == "pooled" else text
