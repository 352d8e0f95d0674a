"""Text as numbers: several prompts joined, batches padded, stored without pickles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from Model.samples import ENCODER, text_of
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.text import TextEmbedding, join, load_text, one_token, save_text, stack


def test_prompts_are_averaged_and_renormalised_and_all_tokens_kept() -> None:
    first, second = text_of(4, seed=1, prompt="a"), text_of(5, seed=2, prompt="b")
    both = join([first, second])
    assert both.prompts == ("a", "b")
    mean = (first.pooled + second.pooled) / 2
    assert torch.allclose(both.pooled, mean / mean.norm())
    assert torch.equal(both.tokens, torch.cat((first.tokens, second.tokens)))
    assert both.mask.tolist() == [True] * 9


def test_a_batch_hides_its_padding() -> None:
    batch = stack([text_of(2), text_of(4)])
    assert batch.mask.tolist() == [[True, True, False, False], [True] * 4]
    assert not batch.tokens[0, 2:].any()


def test_is_stored_exactly_and_without_pickles(tmp_path: Path) -> None:
    text = join([text_of(4, seed=1, prompt="prostate lesion"), text_of(3, seed=2, prompt="läsion")])
    save_text(text, tmp_path / "text.npz")
    again = load_text(tmp_path / "text.npz")
    assert (again.prompts, again.encoder) == (text.prompts, ENCODER)
    for name in ("pooled", "tokens", "mask"):
        assert torch.equal(getattr(again, name), getattr(text, name))
    with np.load(tmp_path / "text.npz", allow_pickle=False) as stored:
        assert {stored[name].dtype.kind for name in stored.files} == {"U", "f", "b"}


@pytest.mark.parametrize(
    ("pooled", "tokens", "mask", "message"),
    [
        (torch.zeros(3), torch.ones(1, 3), [True], "unit length"),
        (torch.tensor([torch.nan, 0, 0]), torch.ones(1, 3), [True], "unit length"),
        (torch.tensor([1.0, 0, 0]), torch.full((1, 3), torch.inf), [True], "finite"),
        (torch.tensor([1.0, 0, 0]), torch.ones(2, 3), [False, False], "no token"),
        (torch.tensor([1.0, 0, 0]), torch.ones(2, 4), [True, True], "wrong shape"),
        (torch.tensor([1.0, 0, 0]), torch.ones(2, 3), [True], "wrong shape"),
        (torch.tensor([1, 0, 0]), torch.ones(1, 3), [True], "wrong shape"),
    ],
)
def test_text_that_cannot_guide_is_refused(
    pooled: torch.Tensor, tokens: torch.Tensor, mask: list[bool], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        TextEmbedding(("a",), pooled, tokens, torch.tensor(mask), ENCODER)


def test_one_token_is_the_pooled_vector() -> None:
    text = text_of(6)
    single = text.as_one_token()
    assert torch.equal(single.tokens, text.pooled[None])
    assert single.mask.tolist() == [True]
    assert torch.equal(one_token(text.pooled, ("a",), ENCODER).tokens, single.tokens)


def test_a_damaged_or_pickled_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.npz"
    with pytest.raises(InputError, match="missing"):
        load_text(path)
    path.write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(InputError, match="cannot be read"):
        load_text(path)
    np.savez(path, prompts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        load_text(path)
    np.savez(path, prompts=np.array(["a"]))
    with pytest.raises(InputError, match="cannot be read"):
        load_text(path)
