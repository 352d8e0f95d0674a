from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from ProstateAlignRefineLib.bundle.config import (
    ONE_FORWARD,
    Architecture,
    InferenceSettings,
    Preprocessing,
    RefinerSettings,
    SimilaritySettings,
)
from ProstateAlignRefineLib.core.anatomy import MOST_DOUBT, GlandZone
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.predictor import ForwardPlan, maps_on, plan_forwards, predict
from ProstateAlignRefineLib.network.network import NetworkOutput

CPU = Compute(torch.device("cpu"), "fp32")
OBLIQUE = (1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96)


class Pointwise(torch.nn.Module):
    """Answers for each voxel alone, and for where it lies, so that tiles and one forward must agree exactly."""

    def forward(self, image, text, window):
        z = torch.arange(window.start[0], window.start[0] + image.shape[2], dtype=torch.float32)
        place = (z / window.region[0])[None, None, :, None, None].expand_as(image[:, :1])
        logits = torch.cat([image[:, :1], image[:, 1:2] * 2], dim=1)
        placed = torch.cat([logits[:, :1], logits[:, 1:] + place], dim=1)
        return NetworkOutput([logits], placed, torch.sigmoid(image[:, 2:]), image[:, 2:])


class NoText:
    def to(self, device):
        return self


@dataclass(frozen=True)
class Config:
    architecture: Architecture
    preprocessing: Preprocessing
    confidence: str = "softmax_foreground"
    inference: InferenceSettings = ONE_FORWARD


@dataclass(frozen=True)
class FakeBundle:
    config: Config
    network: torch.nn.Module
    text: NoText
    mirrored_text: NoText
    prompted: None = None
    members: tuple[()] = ()


@pytest.fixture
def a_bundle() -> FakeBundle:
    architecture = Architecture(
        ("T2W", "ADC", "HBV"),
        (4, 4),
        ((1, 3, 3), (3, 3, 3)),
        ((1, 1, 1), (2, 4, 4)),
        8,
        SimilaritySettings(8, (1,), 1.0, False),
        RefinerSettings(4, 2, True),
        anatomy=False,
    )
    config = Config(architecture, Preprocessing((3, 1, 1), 64.0, (4, 16, 16), "image", False))
    return FakeBundle(config, Pointwise(), NoText(), NoText())


@pytest.fixture
def volumes() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 7, 33, 30)).astype(np.float32)


def test_the_region_is_padded_to_the_networks_stride(a_bundle, volumes):
    assert plan_forwards(a_bundle, volumes.shape[1:], CPU) == ForwardPlan((8, 36, 32), (8, 36, 32), 1)


def test_tiles_give_exactly_what_one_forward_gives(a_bundle, volumes):
    once = predict(a_bundle, volumes, plan_forwards(a_bundle, volumes.shape[1:], CPU), CPU, lambda done, whole: None)
    published = replace(a_bundle, config=replace(a_bundle.config, inference=InferenceSettings("always", ())))
    plan = plan_forwards(published, volumes.shape[1:], CPU)
    calls = []
    tiled = predict(published, volumes, plan, CPU, lambda done, whole: calls.append((done, whole)))
    assert plan.forwards > 10
    assert calls == [(n + 1, plan.forwards) for n in range(plan.forwards)]
    np.testing.assert_allclose(tiled, once, atol=1e-5)


def test_the_maps_are_margins_confidence_and_similarity(a_bundle, volumes):
    maps = predict(a_bundle, volumes, plan_forwards(a_bundle, volumes.shape[1:], CPU), CPU, lambda done, whole: None)
    stacked = dict(zip(MAP_NAMES, maps, strict=True))
    margin = volumes[1] * 2 - volumes[0]
    np.testing.assert_allclose(stacked["base_margin"], margin, atol=1e-6)
    np.testing.assert_allclose(stacked["confidence"], 1 / (1 + np.exp(-margin)), atol=1e-6)
    np.testing.assert_allclose(stacked["similarity"], 1 / (1 + np.exp(-volumes[2])), atol=1e-6)


class Anatomist(Pointwise):
    """Sees transition zone in the front half of the image and nothing in the rest, at half the size."""

    def forward(self, image, text, window):
        zones = torch.zeros(1, len(GlandZone), image.shape[2], image.shape[3] // 2, image.shape[4] // 2)
        zones[:, GlandZone.OUTSIDE] = 5.0
        zones[:, GlandZone.TRANSITION, :, : image.shape[3] // 4] = 10.0
        return replace(super().forward(image, text, window), anatomy_logits=zones)


def test_zones_come_with_the_maps_and_lesions_far_outside_the_gland_are_doubted(a_bundle):
    volumes = np.zeros((3, 8, 64, 64), np.float32)
    volumes[1] = 1.0
    anatomist = replace(a_bundle, network=Anatomist())
    stacked = predict(anatomist, volumes, plan_forwards(anatomist, volumes.shape[1:], CPU), CPU, lambda *_: None)
    region = Grid((64, 64, 8), (1.0, 1.2, 3.0), (0.0, 0.0, 0.0), OBLIQUE)
    maps = maps_on(region, region, stacked)
    assert (maps.zones[:, :30] == GlandZone.TRANSITION).all()
    assert (maps.zones[:, 34:] == GlandZone.OUTSIDE).all()
    assert maps.base_margin[4, 30, 30] == pytest.approx(2.0)
    assert maps.base_margin[4, 60, 30] == pytest.approx(2.0 - MOST_DOUBT)
    assert maps.refined_margin[4, 60, 30] == pytest.approx(2.0 + 4 / 8 - MOST_DOUBT)  # its place, slice 4 of 8
    np.testing.assert_allclose(maps.confidence, 1 / (1 + np.exp(-maps.base_margin)), atol=1e-5)


def test_zones_beyond_the_region_are_outside_the_gland(a_bundle):
    region = Grid((10, 10, 4), (1.0, 1.2, 3.0), (0.0, 0.0, 0.0), OBLIQUE)
    t2w = Grid((40, 36, 4), (0.5, 0.7, 3.0), tuple(region.to_lps((-5.0, -5.0, 0.0))), OBLIQUE)
    stacked = np.zeros((len(MAP_NAMES) + len(GlandZone), 4, 10, 10), np.float32)
    stacked[len(MAP_NAMES) + GlandZone.CENTRAL] = 1.0
    zones = maps_on(t2w, region, stacked).zones
    assert zones[1, 20, 20] == GlandZone.CENTRAL
    assert zones[0, 0, 0] == GlandZone.OUTSIDE


def test_voxels_outside_the_region_are_background_no_gate_can_lift(volumes):
    region = Grid((10, 10, 4), (1.0, 1.2, 3.0), (0.0, 0.0, 0.0), OBLIQUE)
    t2w = Grid((40, 36, 4), (0.5, 0.7, 3.0), tuple(region.to_lps((-5.0, -5.0, 0.0))), OBLIQUE)
    maps = maps_on(t2w, region, np.ones((4, 4, 10, 10), np.float32))
    assert maps.base_margin[0, 0, 0] == maps.refined_margin[0, 0, 0] == -20
    assert maps.confidence[0, 0, 0] == 0
    assert maps.base_margin[1, 20, 20] == 1


@pytest.mark.parametrize("tiles", ["where_needed", "always"])
def test_a_network_that_tells_the_gland_is_never_cut_into_tiles(tiles, a_bundle, volumes):
    """Its doubt needs the whole region."""
    architecture = replace(a_bundle.config.architecture, anatomy=True)
    config = replace(a_bundle.config, architecture=architecture, inference=InferenceSettings(tiles, ()))
    assert plan_forwards(replace(a_bundle, config=config), volumes.shape[1:], CPU).forwards == 1


@pytest.mark.fault("too little memory for the network", "how much it needs, and how much is free")
def test_too_little_memory_is_said_before_the_system_kills_anything(a_bundle, volumes, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=10**6))
    with pytest.raises(InputError, match=r"needs about 0\.0 GB of memory for this region, and 0\.0 GB are free"):
        plan_forwards(a_bundle, volumes.shape[1:], CPU)
    assert plan_forwards(a_bundle, volumes.shape[1:], Compute(torch.device("cuda"), "bf16")).forwards == 1


@pytest.mark.parametrize("tiles", ["where_needed", "always"])
def test_a_mirrored_tile_is_told_its_place_in_the_mirrored_patient(tiles, a_bundle, volumes):
    """Places z and (region - 1 - z), both in parts of the region: their mean is the same everywhere."""
    config = replace(a_bundle.config, inference=InferenceSettings(tiles, ("z",)))
    plan = plan_forwards(replace(a_bundle, config=config), volumes.shape[1:], CPU)
    maps = predict(replace(a_bundle, config=config), volumes, plan, CPU, lambda done, whole: None)
    assert (plan.forwards > 10) == (tiles == "always")
    base, refined = (maps[MAP_NAMES.index(name)] for name in ("base_margin", "refined_margin"))
    np.testing.assert_allclose(base, volumes[1] * 2 - volumes[0], atol=1e-5)
    once = predict(a_bundle, volumes, plan_forwards(a_bundle, volumes.shape[1:], CPU), CPU, lambda done, whole: None)
    np.testing.assert_allclose(refined - base, np.full(base.shape, 6 / 14), atol=1e-5)
    assert np.ptp(once[MAP_NAMES.index("refined_margin")] - base) > 0.5
