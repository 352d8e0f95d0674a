"""The imported reference checkpoint computes what the authors' code computed."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from ProstateAlignRefineLib.core.gate import gate_logits
from ProstateAlignRefineLib.model.bundle import Bundle, load_bundle
from ProstateAlignRefineLib.model.network import NetworkOutput, foreground_confidence

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
