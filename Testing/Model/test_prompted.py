"""The prompted head: words meet places, order and padding mean nothing, a bundle carries it whole."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.bundle.config import CONFIG_FILE, ModelConfig
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.lexicon import CONCEPTS
from ProstateAlignRefineLib.core.spellings import english
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, save_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.network.prompted.features import ImageFeatures, image_features
from ProstateAlignRefineLib.network.prompted.files import SETTINGS_FILE, WEIGHTS_FILE
from ProstateAlignRefineLib.network.prompted.head import PLACE, PromptedHead, prompted_change
from ProstateAlignRefineLib.network.prompted.settings import PromptedSettings
from ProstateAlignRefineLib.network.text import TextEmbedding
from ProstateAlignRefineLib.network.text_encoder import with_prompt

SHAPE = (5, 12, 14)
LEFT, MARGIN_OFF = 0, -4.0


@pytest.fixture
def head() -> PromptedHead:
    torch.manual_seed(5)
    spellings = dict(english().spellings)
    return PromptedHead(PromptedSettings(tuple(CONCEPTS), spellings, 8, 2, 16, (4, 6), 0.0)).eval()


@pytest.fixture
def features() -> ImageFeatures:
    """Two bright balls, one on either side."""
    made = np.random.default_rng(1)
    margin = np.full((1, *SHAPE), MARGIN_OFF, np.float32)
    for x in (3, 10):
        margin[..., 2, 5:7, x : x + 2] = 5.0
    coordinates = np.zeros((5, *SHAPE), np.float32)
    coordinates[LEFT] = np.linspace(-2, 2, SHAPE[2])
    zones = np.moveaxis(made.dirichlet(np.ones(5), SHAPE), -1, 0).astype(np.float32)
    volumes, *decoder = (made.normal(size=(n, *SHAPE)).astype(np.float32) for n in (3, 4, 6))
    return image_features(volumes, margin, zones, coordinates, decoder)


@pytest.fixture
def prompted_path(
    tmp_path: Path, network: AlignRefineNetwork, config: ModelConfig, text: TextEmbedding, head: PromptedHead
) -> Path:
    path = tmp_path / "prompted"
    save_bundle(path, network, config, text, "# Card\n", prompted=head)
    return path


def test_two_prompts_differ_and_the_order_of_words_does_not(head: PromptedHead, features: ImageFeatures) -> None:
    left = prompted_change(head, features, ("left apex lesion",))
    assert left.shape == SHAPE
    assert np.abs(left - prompted_change(head, features, ("right apex lesion",))).max() > 0.1
    np.testing.assert_allclose(prompted_change(head, features, ("lesion, L, apical",)), left, atol=1e-5)


def test_several_prompts_are_their_most_favourable(head: PromptedHead, features: ImageFeatures) -> None:
    alone = [prompted_change(head, features, (prompt,)) for prompt in ("left lesion", "right base PZ 12 mm lesion")]
    both = prompted_change(head, features, ("left lesion", "right base PZ 12 mm lesion"))
    np.testing.assert_allclose(both, np.maximum(*alone), atol=1e-6)


def test_trust_is_for_places_where_nothing_is_found_otherwise(head: PromptedHead, features: ImageFeatures) -> None:
    trusting = PromptedHead(replace(head.settings, trust=2.0)).eval()
    trusting.load_state_dict(head.state_dict())
    nothing, found = (replace(features, margin=np.full_like(features.margin, value)) for value in (-9.0, 9.0))
    for prompt, seen, more in (("left lesion", nothing, 2.0), ("left lesion", found, 0.0), ("lesion", nothing, 0.0)):
        change = prompted_change(trusting, seen, (prompt,)) - prompted_change(head, seen, (prompt,))
        np.testing.assert_allclose(change, more, atol=1e-5)


def test_a_word_can_only_speak_against_a_place(head: PromptedHead, features: ImageFeatures) -> None:
    place = torch.from_numpy(features.place).flatten(1).T
    fits = head.fits(head.place(place), head.text(("left lesion",))).detach()
    assert fits.shape == (1, 2, len(place))
    assert float(fits.max()) <= 0


def test_all_of_a_thing_has_the_place_of_its_middle(features: ImageFeatures) -> None:
    """Across a ball the voxels' own coordinate rises; that of the thing they belong to hardly does."""
    place = features.place
    own, thing = place[LEFT, 2, 5, 10:12], place[(PLACE - 1) // 2 + LEFT, 2, 5, 10:12]
    assert float(thing[1] - thing[0]) < 0.4 * float(own[1] - own[0])
    assert abs(float(thing.mean() - own.mean())) < 0.3


def test_a_bundle_carries_the_head(prompted_path: Path, head: PromptedHead, features: ImageFeatures) -> None:
    loaded = load_bundle(prompted_path)
    assert loaded.prompted is not None
    assert loaded.prompted.settings == head.settings
    for prompts in (("left lesion",), ("liver",)):
        np.testing.assert_array_equal(
            prompted_change(loaded.prompted, features, prompts), prompted_change(head, features, prompts)
        )


def test_a_bundle_without_it_has_none(bundle_path: Path) -> None:
    assert load_bundle(bundle_path).prompted is None


@pytest.mark.fault("a file of the prompted head missing, or of another model", "the bundle is refused in a sentence")
@pytest.mark.parametrize("damage", ["settings", "weights", "shapes"])
def test_a_damaged_head_is_refused(prompted_path: Path, damage: str) -> None:
    config = json.loads((prompted_path / CONFIG_FILE).read_text())
    if damage == "shapes":
        from ProstateAlignRefineLib.core.storage.files import file_sha256

        settings = json.loads((prompted_path / SETTINGS_FILE).read_text())
        (prompted_path / SETTINGS_FILE).write_text(json.dumps({**settings, "hidden": 17}))
        config["files"][SETTINGS_FILE] = file_sha256(prompted_path / SETTINGS_FILE)
    else:
        name = SETTINGS_FILE if damage == "settings" else WEIGHTS_FILE
        (prompted_path / name).unlink()
        del config["files"][name]
    (prompted_path / CONFIG_FILE).write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"prompted head .* get the bundle again"):
        load_bundle(prompted_path)


@pytest.fixture
def prompted(prompted_path: Path) -> Bundle:
    return load_bundle(prompted_path)


def test_other_words_for_the_bundles_own_prompt_change_nothing(prompted: Bundle) -> None:
    for prompt in ("prostate lesion", "suspicious lesion", "Tumour", "left apex lesion; suspicious lesion"):
        assert with_prompt(prompted, prompt).prompts == ()


def test_a_report_asks_line_by_line_without_an_encoder(prompted: Bundle) -> None:
    asked = with_prompt(prompted, "12 mm lesion, left PZpl, mid-gland\nright base TZ")
    assert asked.prompts == ("12 mm lesion, left PZpl, mid-gland", "right base TZ")
    assert asked.text is prompted.text


@pytest.mark.fault("a prompt with a word that the model does not know", "a sentence that names the word")
def test_an_unknown_word_is_refused_before_anything_is_computed(prompted: Bundle) -> None:
    with pytest.raises(InputError, match="'banananana'"):
        with_prompt(prompted, "left lesion; banananana")
    with pytest.raises(InputError, match="neither a lesion nor a place"):
        with_prompt(prompted, "  ")
