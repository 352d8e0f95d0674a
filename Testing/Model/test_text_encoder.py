"""Real open_clip text towers: our small one, and a tiny clone of BiomedCLIP's architecture in a folder."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from Model.clip_clone import TEXT_WIDTH, write_clone
from ProstateAlignRefineLib.bundle.config import ModelConfig
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network import hub
from ProstateAlignRefineLib.network.bundle import Bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text_encoder import embed_prompt, encode_prompts
from ProstateAlignRefineLib.network.text_towers import load_tower

pytest.importorskip("open_clip", reason="the extra 'text' is not installed")

STARTER = "starter:7"
PROMPT = "prostate lesion"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clone(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def bundle(network: AlignRefineNetwork, config: ModelConfig) -> Bundle:
    text = encode_prompts([PROMPT, "lesion of the prostate gland"], STARTER)
    return Bundle(network, replace(config, text_encoder=STARTER), text, text, Path("bundle"), "0" * 64)


def test_the_small_tower_is_deterministic_and_tells_prompts_apart() -> None:
    first, again, other = (encode_prompts([prompt], STARTER) for prompt in (PROMPT, PROMPT, "left lesion"))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.pooled, again.pooled)
    assert float(first.pooled @ other.pooled) < 0.95
    assert not torch.allclose(first.pooled, encode_prompts([PROMPT], "starter:8").pooled, atol=0.1)


def test_the_small_tower_leaves_the_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    load_tower(STARTER)
    assert torch.equal(torch.rand(1), expected)


def test_tokens_are_projected_real_ones_only_with_the_pooled_among_them() -> None:
    text = encode_prompts([PROMPT], STARTER)
    assert text.tokens.shape == (5, 64)  # start, pro-, -state, lesion, end
    assert text.mask.all()
    assert torch.allclose(torch.nn.functional.normalize(text.tokens[-1], dim=0), text.pooled, atol=1e-5)


def test_an_exclamation_mark_is_not_padding() -> None:
    assert encode_prompts(["prostate! lesion"], STARTER).tokens.shape[0] == 6


def test_several_prompts_carry_at_least_seven_tokens() -> None:
    assert int(encode_prompts([PROMPT, "prostate cancer"], STARTER).mask.sum()) >= 7


@pytest.mark.parametrize(
    ("prompts", "encoder", "message"),
    [
        (["  "], STARTER, "prompt is empty"),
        ([], STARTER, "prompt is empty"),
        (["lesion " * 80], STARTER, "too long"),
        ([PROMPT], "none", "unknown; it must begin with"),
        ([PROMPT], "starter:x", "whole number"),
        ([PROMPT], "local-dir:/nowhere/at/all", "all. does not exist"),
    ],
)
def test_what_cannot_be_encoded_is_refused(prompts: list[str], encoder: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        encode_prompts(prompts, encoder)


def test_a_clone_of_biomedclip_is_read_from_a_folder_without_the_hub(clone: Path) -> None:
    text = encode_prompts(["Prostate lesions"], f"local-dir:{clone}")
    assert text.tokens.shape == (5, TEXT_WIDTH)  # [CLS] prostate lesion ##s [SEP]
    assert float(text.pooled.norm()) == pytest.approx(1, abs=1e-5)
    cls = torch.nn.functional.normalize(text.tokens[0], dim=0)
    assert torch.allclose(cls, text.pooled, atol=1e-5)


def test_a_folder_without_weights_never_gives_random_ones(clone: Path, tmp_path: Path) -> None:
    for name in ("open_clip_config.json", "config.json", "vocab.txt", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((clone / name).read_bytes())
    with pytest.raises(InputError, match=r"lacks open_clip_model\.safetensors or open_clip_pytorch_model\.bin"):
        encode_prompts([PROMPT], f"local-dir:{tmp_path}")
    for damaged in ("open_clip_pytorch_model.bin", "open_clip_model.safetensors"):
        (tmp_path / damaged).write_bytes(b"a download that was cut short")
        with pytest.raises(InputError, match="cannot be loaded; get its files again"):
            encode_prompts([PROMPT], f"local-dir:{tmp_path}")


def test_an_unreachable_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import open_clip

    def unreachable(*_: object, **__: object) -> None:
        raise RuntimeError("no route to host")

    monkeypatch.setattr(open_clip, "create_model", unreachable)
    monkeypatch.setattr(hub, "_answer", lambda _url: True)
    with pytest.raises(InputError, match="connect to the internet once"):
        encode_prompts([PROMPT], "hf-hub:owner/model")


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(InputError, match=r'pip install "\.\[text\]"'):
        encode_prompts([PROMPT], STARTER)


def test_the_stored_prompt_needs_no_encoder(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    assert embed_prompt(bundle, f" {PROMPT} ") is bundle.text
    with pytest.raises(InputError, match="pip install"):
        embed_prompt(bundle, "another prompt")


def test_a_new_prompt_is_encoded_as_the_stored_one_was(bundle: Bundle) -> None:
    text = embed_prompt(bundle, "left lesion")
    assert text.prompts == ("left lesion",)
    assert torch.equal(text.tokens, encode_prompts(["left lesion"], STARTER).tokens)


def test_another_encoder_is_refused(bundle: Bundle, clone: Path) -> None:
    for encoder in ("starter:8", f"local-dir:{clone}"):
        with pytest.raises(InputError, match=r"stored vector .* install the encoder 'starter:7'"):
            embed_prompt(bundle, "left lesion", encoder)


def test_a_model_of_one_token_gets_one_token(bundle: Bundle) -> None:
    single = replace(bundle, text=bundle.text.as_one_token())
    text = embed_prompt(single, "left lesion")
    assert torch.equal(text.tokens, text.pooled[None])
