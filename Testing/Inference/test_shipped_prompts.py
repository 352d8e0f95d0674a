"""The model that ships, on a study that it was not trained on: its words choose, and what is not there is not found."""

import time

import numpy as np
import pytest
import torch

from host.random_bundle import silent
from ProstateAlignRefineLib.core.geometry import to_array
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.inference.asking import with_prompt
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.engine.choice import compute_for, load_for
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


def test_a_new_prompt_costs_a_fifth_of_a_run_at_most() -> None:
    """In processor seconds, without torch, and of its computing alone: reading, checks and writing add to a run's."""
    exported, cpu = load_for(starter_bundle_path(), True), compute_for(starter_bundle_path())
    study = make_phantom(SEED).study  # on grids like a scanner's
    full, again = [], []
    for prompt in ("left lesion", "right PZ"):
        started = time.process_time()
        seen = forward_pass(study, exported, cpu, silent)
        answer(seen, exported, silent)
        ended = time.process_time()
        answer(seen, with_prompt(exported, prompt), silent)
        full.append(ended - started)
        again.append(time.process_time() - ended)
    assert min(again) <= min(full) / 5
