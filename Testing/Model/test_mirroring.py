"""Mirrored inference is the mean over mirror images, each with its own words and place; off, it is one forward."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from Model.samples import text_of
from ProstateAlignRefineLib.bundle.config import InferenceSettings, ModelConfig
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.predictor import plan_forwards, predict
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, save_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.text import TextEmbedding
from ProstateAlignRefineLib.network.text_encoder import encode_prompts, with_prompt

CPU = Compute(torch.device("cpu"), "fp32")
LEFT = text_of(tokens=8, seed=1, prompt="lesion on the left")
RIGHT = text_of(tokens=8, seed=2, prompt="lesion on the right")
REGION = (4, 12, 10)


@pytest.fixture
def a_bundle(network: AlignRefineNetwork, config: ModelConfig) -> Callable[..., Bundle]:
    def bundle(*axes: str, tiles: str = "always", text: TextEmbedding = LEFT, other: TextEmbedding = RIGHT) -> Bundle:
        settings = InferenceSettings(tiles, axes)  # type: ignore[arg-type]
        return Bundle(network, replace(config, inference=settings), text, other, Path(), "")

    with torch.no_grad():
        network.refiner.gamma.fill_(2.0)
    return bundle


@pytest.fixture
def volumes() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, *REGION)).astype(np.float32)


def maps_of(bundle: Bundle, volumes: np.ndarray) -> np.ndarray:
    plan = plan_forwards(bundle, volumes.shape[1:], CPU)
    return predict(bundle, volumes, plan, CPU, lambda done, whole: None)


@pytest.mark.parametrize(("axes", "count"), [((), 1), (("x",), 2), (("z", "y", "x"), 8)])
def test_each_mirror_image_is_read_once(axes, count: int, a_bundle, volumes, monkeypatch) -> None:
    forward, seen = AlignRefineNetwork.forward, []

    def counted(self, image, *rest):
        seen.append(image.clone())
        return forward(self, image, *rest)

    monkeypatch.setattr(AlignRefineNetwork, "forward", counted)
    maps_of(a_bundle(*axes, tiles="where_needed"), volumes[:, :, :8, :8])
    assert len(seen) == count
    assert len({image.numpy().tobytes() for image in seen}) == count


def test_the_mean_is_over_logits_turned_back(a_bundle, volumes) -> None:
    """By hand: both images of one tile, the second flipped, with the other words, and flipped back."""
    region = volumes[:, :, :8, :8]
    bundle = a_bundle("x")
    image = torch.from_numpy(region)[None]
    with torch.no_grad():
        plain = bundle.network(image, LEFT).base_logits[0]
        turned = bundle.network(image.flip(-1), RIGHT).base_logits[0].flip(-1)
    mean = ((plain + turned) / 2)[0]
    base = maps_of(bundle, region)[MAP_NAMES.index("base_margin")]
    np.testing.assert_allclose(base, (mean[1] - mean[0]).numpy(), atol=1e-5)


@pytest.mark.parametrize("axes", [("x",), ("z", "y", "x")])
def test_a_mirrored_patient_with_mirrored_words_gets_the_mirrored_answer(axes, a_bundle, volumes) -> None:
    """In one forward, where there is neither padding on one side nor a tile whose middle is off by half a voxel."""
    region = volumes[..., :8]
    flipped = np.ascontiguousarray(region[..., ::-1])
    answer = maps_of(a_bundle(*axes, tiles="where_needed"), region)
    mirrored = maps_of(a_bundle(*axes, tiles="where_needed", text=RIGHT, other=LEFT), flipped)[..., ::-1]
    np.testing.assert_allclose(mirrored, answer, atol=1e-4)
    same_words = maps_of(a_bundle(*axes, tiles="where_needed", other=LEFT), flipped)[..., ::-1]
    assert np.abs(same_words - answer).max() > 1e-2


def test_a_bundle_keeps_the_swapped_text_where_it_is_needed(
    network: AlignRefineNetwork, config: ModelConfig, tmp_path: Path
) -> None:
    sided = replace(config, prompt=LEFT.prompts[0], inference=InferenceSettings("always", ("x",)))
    with pytest.raises(ValueError, match="swapped text"):
        save_bundle(tmp_path / "a", network, sided, LEFT, "# Card\n")
    save_bundle(tmp_path / "a", network, sided, LEFT, "# Card\n", mirrored_text=RIGHT)
    assert torch.equal(load_bundle(tmp_path / "a").mirrored_text.pooled, RIGHT.pooled)
    foreign = text_of(tokens=8, prompt="something else")
    save_bundle(tmp_path / "b", network, sided, LEFT, "# Card\n", mirrored_text=foreign)
    with pytest.raises(InputError, match="left and right swapped"):
        load_bundle(tmp_path / "b")
    save_bundle(
        tmp_path / "c", network, replace(sided, inference=InferenceSettings("always", ("y",))), LEFT, "# Card\n"
    )
    loaded = load_bundle(tmp_path / "c")
    assert loaded.mirrored_text.prompts == loaded.text.prompts


def test_a_prompt_with_a_side_brings_its_other_side(
    network: AlignRefineNetwork, config: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ProstateAlignRefineLib.network import text_encoder

    stored = encode_prompts(["prostate lesion"], "starter:7")
    monkeypatch.setattr(text_encoder, "_require_same_space", lambda tower, text: None)
    bundle = Bundle(network, replace(config, inference=InferenceSettings("always", ("x",))), stored, stored, Path(), "")
    prompted = with_prompt(bundle, "left lesion")
    assert prompted.text.prompts == ("left lesion",)
    assert prompted.mirrored_text.prompts == ("right lesion",)
    assert with_prompt(bundle, "prostate lesion") is bundle
