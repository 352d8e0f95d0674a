"""The model that ships edits outlines: on studies that neither its network nor its refiner was trained on."""

import numpy as np
import pytest
import torch

from host.random_bundle import silent
from ProstateAlignRefineLib.core.gate import ADDED, REMOVED, apply_gate
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.inference.boundary import LEAST_CONFIDENCE, edit_sites
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.segment import ForwardPass, answer, forward_pass
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

SEEDS = (610002, 610005, 610010)  # each with findings


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(starter_bundle_path())


@pytest.fixture(scope="module")
def readings(bundle: Bundle) -> list[ForwardPass]:
    sampling = Sampling.of_field((0.75, 0.75, 3.0), (132.0, 132.0, 66.0))
    cpu = Compute(torch.device("cpu"), "fp32")
    return [forward_pass(make_phantom(seed, sampling).study, bundle, cpu, silent) for seed in SEEDS]


@pytest.fixture(scope="module")
def answers(bundle: Bundle, readings: list[ForwardPass]) -> list[Maps]:
    return [answer(reading, bundle, silent).maps for reading in readings]


def bands(maps: Maps, bundle: Bundle) -> np.ndarray:
    band = np.zeros(maps.grid.shape, bool)
    for site in edit_sites(maps, bundle.boundary.settings.reach_mm):
        band[site.box.slices] |= site.band
    return band


def test_its_delta_varies_and_is_no_threshold(bundle: Bundle, answers: list[Maps]) -> None:
    moved = np.concatenate([(maps.refined_margin - maps.base_margin)[bands(maps, bundle)] for maps in answers])
    assert float(moved.std()) > 0.3
    assert float(moved.std()) > 3 * abs(float(moved.mean()))


def test_it_removes_and_adds(bundle: Bundle, answers: list[Maps]) -> None:
    edits = [apply_gate(maps, bundle.config.tau, bundle.config.alpha).edits for maps in answers]
    assert sum(bool((found == REMOVED).any()) for found in edits) >= 2
    assert sum(bool((found == ADDED).any()) for found in edits) >= 2


def test_nothing_else_is_touched(bundle: Bundle, answers: list[Maps]) -> None:
    for maps in answers:
        moved = maps.refined_margin != maps.base_margin
        assert not moved[~bands(maps, bundle)].any()
        assert not moved[maps.confidence <= LEAST_CONFIDENCE].any()
        assert moved.sum() * maps.grid.voxel_ml < 40
