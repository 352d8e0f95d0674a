"""A prompt on what the network has read: maps that follow it, without another run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from host.random_bundle import prompted_random_bundle, silent
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.inference import last_forward_pass, segment
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.last_forward_pass import LastForwardPass
from ProstateAlignRefineLib.inference.prompting import MAPS, prompted
from ProstateAlignRefineLib.inference.segment import ForwardPass, Unprompted, answer, forward_pass
from ProstateAlignRefineLib.network.bundle import Bundle
from ProstateAlignRefineLib.network.text_encoder import with_prompt
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

CPU = Compute(torch.device("cpu"), "fp32")
SAMPLING = Sampling.of_field((2.0, 2.0, 4.0), (96.0, 88.0, 60.0))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return prompted_random_bundle(tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(scope="module")
def study():
    return make_phantom(4, SAMPLING).study


@pytest.fixture(scope="module")
def seen(bundle: Bundle, study) -> ForwardPass:
    return forward_pass(study, bundle, CPU, silent)


def test_the_bundles_own_prompt_gives_what_the_network_gave(bundle: Bundle, seen: ForwardPass, study) -> None:
    own = prompted(bundle, seen.region)
    plain = forward_pass(study, replace(bundle, prompted=None), CPU, silent)
    assert own.shape[0] == MAPS < seen.region.stacked.shape[0]
    np.testing.assert_array_equal(own, plain.region.stacked)


def test_two_places_give_two_answers_from_one_forward_pass(bundle: Bundle, seen: ForwardPass) -> None:
    left, right = (answer(seen, with_prompt(bundle, f"{side} PZ lesion"), silent).maps for side in ("left", "right"))
    assert np.abs(left.base_margin - right.base_margin).max() > 0.1
    assert np.abs(left.similarity - right.similarity).max() > 0.01
    assert left.zones is not None
    assert right.zones is not None
    np.testing.assert_array_equal(left.zones, right.zones)


def test_what_no_prompt_changes_is_made_once(
    bundle: Bundle, seen: ForwardPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replace(seen, unprompted=Unprompted(seen.study, seen.region))
    first = answer(kept, bundle, silent)
    for name in ("zones_on", "shaped_zones", "shown"):
        monkeypatch.setattr(segment, name, None)
    again, other = (answer(replace(kept, seconds={}), one, silent) for one in (bundle, with_prompt(bundle, "left PZ")))
    for name, values in first.maps.arrays.items():
        np.testing.assert_array_equal(again.maps.arrays[name], values)
    np.testing.assert_array_equal(other.maps.zones, first.maps.zones)
    assert again.cautions == first.cautions


def test_margins_confidence_and_similarity_move_together(bundle: Bundle, seen: ForwardPass) -> None:
    before = prompted(bundle, seen.region)
    after = prompted(with_prompt(bundle, "apex lesion"), seen.region)
    base, refined, confidence = (MAP_NAMES.index(name) for name in ("base_margin", "refined_margin", "confidence"))
    change = after[base] - before[base]
    np.testing.assert_allclose(after[refined] - before[refined], change, atol=1e-4)
    odds = [np.log(maps[confidence].astype(float) / (1 - maps[confidence].astype(float))) for maps in (before, after)]
    near = np.abs(change) < 8
    np.testing.assert_allclose((odds[1] - odds[0])[near], change[near], atol=0.01)


@pytest.fixture
def files(study, tmp_path: Path) -> dict[Modality, Path]:
    paths = {modality: tmp_path / f"study_{modality.value}.mha" for modality in Modality}
    for modality, path in paths.items():
        sitk.WriteImage(study.volume(modality), str(path))
    return paths


def test_another_prompt_needs_no_further_run(bundle: Bundle, files, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    monkeypatch.setattr(last_forward_pass, "forward_pass", lambda *given: runs.append(1) or forward_pass(*given))
    last = LastForwardPass()
    first = last.of(files, False, bundle, CPU, silent)
    again = last.of(files, False, with_prompt(bundle, "left lesion"), CPU, silent)
    assert (len(runs), again.region, again.seconds) == (1, first.region, {})
    sitk.WriteImage(sitk.ReadImage(str(files[Modality.HBV])) + 1, str(files[Modality.HBV]))
    last.of(files, False, bundle, CPU, silent)
    last.of(files, False, replace(bundle, prompted=None), CPU, silent)
    last.of(files, False, replace(bundle, prompted=None), CPU, silent)
    assert len(runs) == 4
