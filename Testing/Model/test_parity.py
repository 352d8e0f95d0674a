"""The imported reference checkpoint computes what the authors' code computed."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.bundle.config import Axis, InferenceSettings
from ProstateAlignRefineLib.core.gate import gate_logits
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.predictor import ForwardPlan, plan_forwards, predict
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle
from ProstateAlignRefineLib.network.checkpoint import import_checkpoint
from ProstateAlignRefineLib.network.network import NetworkOutput, foreground_confidence

CASES = ("case0", "case1")
LOGITS, SIMILARITY = 1e-4, 1e-5


@pytest.fixture(scope="module")
def bundle(imported_bundle: Path) -> Bundle:
    return load_bundle(imported_bundle)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, reference_vectors: Path) -> dict[str, np.ndarray]:
    return dict(np.load(reference_vectors / f"{request.param}.npz"))


@pytest.fixture
def output(bundle: Bundle, case: dict[str, np.ndarray]) -> NetworkOutput:
    with torch.inference_mode():
        return bundle.network(torch.from_numpy(case["image"]), bundle.text)


def test_base_logits_of_every_level_equal_the_authors(output: NetworkOutput, case: dict[str, np.ndarray]) -> None:
    assert len(output.base_logits) == 3
    for level, logits in enumerate(output.base_logits):
        assert np.abs(logits.numpy() - case[f"base_logits_{level}"]).max() <= LOGITS


def test_similarity_equals_the_authors(output: NetworkOutput, case: dict[str, np.ndarray]) -> None:
    assert np.abs(output.similarity.numpy() - case["similarity"]).max() <= SIMILARITY


def test_gated_logits_equal_the_authors_at_every_setting(
    bundle: Bundle, output: NetworkOutput, case: dict[str, np.ndarray]
) -> None:
    confidence = foreground_confidence(output.base_logits[0], bundle.config.confidence)
    settings = [(key, re.fullmatch(r"refined_logits_alpha(.+)_tau(.+)", key)) for key in case]
    found = [(key, float(match[1]), float(match[2])) for key, match in settings if match]
    assert found
    for key, alpha, tau in found:
        gated = gate_logits(output.base_logits[0], output.refined_logits, confidence, tau, alpha)
        assert np.abs(gated.numpy() - case[key]).max() <= LOGITS


def test_one_token_makes_the_refiner_shift_every_voxel_alike(bundle: Bundle, case: dict[str, np.ndarray]) -> None:
    """The authors' edits are one constant per class, which this proves of their own weights."""
    with torch.inference_mode():
        output = bundle.network(torch.from_numpy(case["image"]), bundle.text)
    shift = (output.refined_logits - output.base_logits[0]).flatten(2)
    assert float(shift.abs().max()) > 1e-2
    assert float((shift.amax(2) - shift.amin(2)).max()) < 1e-5


@pytest.mark.parametrize("mirror_axes", [(), ("z", "y", "x")])
def test_the_predictors_tile_gives_the_authors_gated_margin(
    bundle: Bundle, case: dict[str, np.ndarray], mirror_axes: tuple[Axis, ...]
) -> None:
    """The whole case as one forced tile; mirrored, the mean over the eight images read by hand."""
    shape = case["image"].shape[2:]
    preprocessing = replace(bundle.config.preprocessing, patch_size=shape)
    config = replace(bundle.config, preprocessing=preprocessing, inference=InferenceSettings("always", mirror_axes))
    compute = Compute(torch.device("cpu"), "fp32")
    whole = replace(bundle, config=config)
    plan = plan_forwards(whole, shape, compute)
    assert plan == ForwardPlan(shape, shape, 1)
    maps = predict(whole, case["image"][0], plan, compute, lambda done, all_: None)
    base = maps[MAP_NAMES.index("base_margin")]
    if mirror_axes:
        sets = [axes for count in range(4) for axes in combinations((2, 3, 4), count)]
        image = torch.from_numpy(case["image"])
        with torch.inference_mode():
            turned = [bundle.network(image.flip(axes), bundle.text).base_logits[0].flip(axes) for axes in sets]
        expected = torch.stack(turned).mean(dim=0).numpy()
    else:
        expected = case["base_logits_0"]
    assert np.abs(base - (expected[0, 1] - expected[0, 0])).max() <= 2 * LOGITS


def test_an_import_as_published_reads_mirrored_tiles(reference_vectors: Path, tmp_path: Path) -> None:
    files = [reference_vectors / name for name in ("checkpoint_best.pth", "plans.json", "dataset.json")]
    import_checkpoint(*files, reference_vectors / "text_embedding.npy", tmp_path / "bundle", as_published=True)
    config = load_bundle(tmp_path / "bundle").config
    assert config.inference == InferenceSettings("always", ("z", "y", "x"))
    assert config.preprocessing.region_mm == 192
