"""Left and right swap in the words when they swap in the image."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.lexicon import swap_sides
from ProstateAlignRefineLib.network.text import TextEmbedding, save_text
from ProstateAlignRefineLib.training.config import TextSettings
from ProstateAlignRefineLib.training.mirrored_text import TrainingText, encode_training_text, stored_training_text


@pytest.mark.parametrize(
    ("prompt", "swapped"),
    [
        ("lesion in the left peripheral zone", "lesion in the right peripheral zone"),
        ("lesion (L), LPZ at the apex, RT", "lesion (R), RPZ at the apex, LT"),
        ("Right-sided lesion, not left", "Left-sided lesion, not right"),
        ("prostate lesion", "prostate lesion"),
    ],
)
def test_sides_swap_and_swap_back(prompt: str, swapped: str) -> None:
    assert swap_sides(prompt) == swapped
    assert swap_sides(swapped) == prompt


def a_text(direction: int, tokens: int) -> TextEmbedding:
    unit = torch.zeros(4)
    unit[direction] = 1.0
    return TextEmbedding(("a",), unit, unit.repeat(tokens, 1), torch.ones(tokens, dtype=torch.bool), "none")


def test_mirrored_patches_get_the_swapped_text() -> None:
    batch = TrainingText(a_text(0, 2), a_text(1, 3)).of_patches([False, True])
    assert batch.pooled.argmax(dim=1).tolist() == [0, 1]
    assert batch.mask.sum(dim=1).tolist() == [2, 3]


def test_a_text_without_sides_is_encoded_once() -> None:
    text = encode_training_text(TextSettings(("prostate lesion",), "starter:0", "all"))
    assert text.mirrored is text.plain
    left = encode_training_text(TextSettings(("lesion on the left",), "starter:0", "all"))
    right = encode_training_text(TextSettings(("lesion on the right",), "starter:0", "all"))
    assert torch.equal(left.mirrored.tokens, right.plain.tokens)
    assert not torch.equal(left.plain.tokens, right.plain.tokens)


def test_a_stored_text_trains_as_the_encoder_would(tmp_path: Path) -> None:
    settings = TextSettings(("prostate lesion", "cancer"), "starter:0", "all")
    encoded = encode_training_text(settings)
    save_text(encoded.plain, tmp_path / "text.npz")
    stored = stored_training_text(tmp_path / "text.npz", settings)
    assert torch.equal(stored.plain.tokens, encoded.plain.tokens)
    assert stored.mirrored is stored.plain
    pooled = stored_training_text(tmp_path / "text.npz", replace(settings, tokens="pooled"))
    assert torch.equal(pooled.plain.tokens, encoded.plain.pooled[None])


@pytest.mark.parametrize(
    ("prompts", "encoder", "says"),
    [
        (("prostate cancer",), "starter:0", 'encode-text "prostate cancer" --encoder starter:0'),
        (("lesion on the left",), "starter:1", "another encoder"),
        (("lesion on the left",), "starter:0", "lacks the mirrored ones"),
    ],
)
def test_a_stored_text_that_does_not_fit_is_refused(
    prompts: tuple[str, ...], encoder: str, says: str, tmp_path: Path
) -> None:
    kept = TextSettings(("lesion on the left",), "starter:0", "all")
    save_text(encode_training_text(kept).plain, tmp_path / "text.npz")
    with pytest.raises(InputError, match=says):
        stored_training_text(tmp_path / "text.npz", TextSettings(prompts, encoder, "all"))
    with pytest.raises(InputError, match="make it with encode-text"):
        stored_training_text(tmp_path / "none.npz", kept)


def test_the_papers_text_is_one_pooled_token() -> None:
    text = encode_training_text(TextSettings(("prostate lesion",), "starter:0", "pooled")).plain
    assert torch.equal(text.tokens, text.pooled[None])
