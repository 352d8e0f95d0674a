"""The model that ships, on a study that it was not trained on: its words choose, and what is not there is not found."""

import numpy as np
import pytest
import torch

from host.random_bundle import silent
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.inference.asking import with_prompt
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.engine.exported import ExportedBundle, load_exported
from ProstateAlignRefineLib.inference.prompting import prompted
from ProstateAlignRefineLib.inference.segment import ForwardPass, answer, forward_pass
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.phantom import Phantom, Sampling, make_phantom

SEED = 600005  # on the left two lesions, one on the right in the peripheral zone, none at the base
LEFT, RIGHT = 1, 2


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(SEED, Sampling.of_field((0.75, 0.75, 3.6), (132.0, 132.0, 72.0)))


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(starter_bundle_path())


@pytest.fixture(scope="module")
def exported() -> ExportedBundle:
    return load_exported(starter_bundle_path())


@pytest.fixture(scope="module")
def seen(phantom: Phantom, bundle: Bundle) -> ForwardPass:
    return forward_pass(phantom.study, bundle, Compute(torch.device("cpu"), "fp32"), silent)


def asked(seen: ForwardPass, bundle: Bundle, prompt: str) -> Maps:
    return answer(seen, with_prompt(bundle, prompt), silent).maps


def share_found(maps: Maps, phantom: Phantom, label: int) -> float:
    return float((maps.base_margin > 0)[to_array(phantom.truth.lesions) == label].mean())


def test_two_places_give_two_answers(seen: ForwardPass, bundle: Bundle, phantom: Phantom) -> None:
    left, right = asked(seen, bundle, "left lesion"), asked(seen, bundle, "focus in the right PZ")
    assert share_found(left, phantom, LEFT) > 0.4
    assert share_found(left, phantom, RIGHT) < 0.05
    assert share_found(right, phantom, RIGHT) > 0.4
    assert share_found(right, phantom, LEFT) < 0.05
    assert np.abs(left.similarity - right.similarity).max() > 0.5


def test_two_places_in_one_line_are_one_or_the_other(
    seen: ForwardPass, bundle: Bundle, exported: ExportedBundle, phantom: Phantom
) -> None:
    either, left, right = (
        prompted(with_prompt(bundle, f"{side} lesion"), seen.region) for side in ("left and right", "left", "right")
    )
    np.testing.assert_allclose(either[0], np.maximum(left[0], right[0]), atol=1e-4)
    without_torch = prompted(with_prompt(exported, "left and right lesion"), seen.region)
    np.testing.assert_allclose(without_torch, either, atol=1e-3)
    maps = asked(seen, bundle, "left and right lesion")
    assert min(share_found(maps, phantom, label) for label in (LEFT, RIGHT)) > 0.4


@pytest.mark.parametrize(
    "prompt", ["liver", "the left kidney", "no lesion", "lesion in the anterior stroma at the base"]
)
def test_what_is_not_there_is_not_found(seen: ForwardPass, bundle: Bundle, prompt: str) -> None:
    maps = asked(seen, bundle, prompt)
    assert (maps.base_margin > 0).sum() * maps.grid.voxel_ml <= 0.05


def test_paraphrases_agree(seen: ForwardPass, bundle: Bundle) -> None:
    masks = [
        asked(seen, bundle, prompt).base_margin > 0
        for prompt in (
            "right PZ lesion",
            "tumour, R peripheral zone",
            "suspicious focus in the peripheral zone, right-sided",
        )
    ]
    for mask in masks[1:]:
        assert 2 * (mask & masks[0]).sum() / (mask.sum() + masks[0].sum()) > 0.99


def test_other_words_for_a_lesion_are_the_models_own_prompt(seen: ForwardPass, bundle: Bundle) -> None:
    own = answer(seen, bundle, silent).maps
    np.testing.assert_array_equal(asked(seen, bundle, "suspicious lesion").base_margin, own.base_margin)


def test_a_new_prompt_needs_neither_encoder_nor_decoder(
    seen: ForwardPass, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle.network, "forward", None)
    assert np.isfinite(asked(seen, bundle, "right lesion").base_margin).all()
