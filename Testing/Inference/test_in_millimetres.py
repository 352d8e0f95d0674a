"""Inference counts in millimetres and in the patient's axes: doubt, regions and tiles on oblong, turned voxels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from Inference.test_predictor import CPU, Config, FakeBundle, NoText, Pointwise
from ProstateAlignRefineLib.bundle.config import (
    Architecture,
    InferenceSettings,
    Preprocessing,
    RefinerSettings,
    SimilaritySettings,
)
from ProstateAlignRefineLib.bundle.network_grid import network_grid
from ProstateAlignRefineLib.core.anatomy import DOUBTED_MM, MOST_DOUBT, TRUSTED_MM, GlandZone
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.inference.predictor import maps_on, plan_forwards, predict
from ProstateAlignRefineLib.inference.preprocess import network_volumes

TILT = np.deg2rad(15)
UPSIDE_DOWN = (-1, 0, 0, 0, -np.cos(TILT), np.sin(TILT), 0, np.sin(TILT), np.cos(TILT))
SPACING_ZYX = (3.0, 1.0, 1.5)
BOX = (slice(4, 12), slice(24, 40), slice(16, 32))


class Anatomist(Pointwise):
    """Sees a box of gland, 24 x 16 x 24 mm, and lesion everywhere."""

    def forward(self, image, text, window):
        zones = torch.zeros(1, len(GlandZone), *image.shape[2:])
        zones[:, GlandZone.OUTSIDE] = 20.0
        zones[:, GlandZone.PERIPHERAL][(slice(None), *BOX)] = 40.0
        return replace(super().forward(image, text, window), anatomy_logits=zones)


def bundle(network: torch.nn.Module, tiles: str = "where_needed") -> FakeBundle:
    similarity, refiner = SimilaritySettings(8, (1,), 1.0, False), RefinerSettings(4, 2, True)
    kernels, strides = ((1, 3, 3), (3, 3, 3)), ((1, 1, 1), (2, 4, 4))
    architecture = Architecture(("T2W", "ADC", "HBV"), (4, 16), kernels, strides, 8, similarity, refiner, anatomy=False)
    inference = InferenceSettings(tiles, ())
    config = Config(architecture, Preprocessing(SPACING_ZYX, 64.0, (8, 16, 16), "image", False), inference=inference)
    return FakeBundle(config, network, NoText(), NoText())


def told(a_bundle: FakeBundle, volumes: np.ndarray) -> dict[str, np.ndarray]:
    plan = plan_forwards(a_bundle, volumes.shape[1:], CPU)
    stacked = predict(a_bundle, volumes, plan, CPU, lambda *_: None)
    return dict(zip(MAP_NAMES, stacked, strict=False))


@pytest.mark.parametrize(("axis", "step_mm"), [(0, 3.0), (1, 1.0), (2, 1.5)])
def test_a_lesion_is_doubted_by_its_millimetres_from_the_gland_along_every_axis(axis, step_mm):
    volumes = np.zeros((3, 16, 64, 48), np.float32)
    volumes[1] = 1.0
    maps = told(bundle(Anatomist()), volumes)
    middle = [(part.start + part.stop) // 2 for part in BOX]
    for away in range(1, BOX[axis].start + 1):
        at = tuple(BOX[n].start - away if n == axis else middle[n] for n in range(3))
        penalty = np.clip((away * step_mm - TRUSTED_MM) / (DOUBTED_MM - TRUSTED_MM), 0, 1) * MOST_DOUBT
        assert maps["base_margin"][at] == pytest.approx(2.0 - penalty, abs=1e-4)
        assert maps["confidence"][at] == pytest.approx(1 / (1 + np.exp(penalty - 2.0)), abs=1e-4)
        assert maps["refined_margin"][at] - maps["base_margin"][at] == pytest.approx(at[0] / 16, abs=1e-4)
    assert maps["base_margin"][tuple(middle)] == pytest.approx(2.0)


@pytest.mark.parametrize("shape", [(3, 10, 12), (9, 10, 40), (5, 33, 21)])
def test_tiles_larger_than_the_region_change_nothing(shape):
    """Padded about the region; every voxel keeps its place in it."""
    volumes = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    once, tiled = (told(bundle(Pointwise(), tiles), volumes) for tiles in ("where_needed", "always"))
    for name in MAP_NAMES:
        assert once[name].shape == shape
        np.testing.assert_allclose(tiled[name], once[name], atol=1e-5)


def test_the_padding_lies_on_both_sides_and_is_no_part_of_the_answer():
    plan = plan_forwards(bundle(Pointwise(), "always"), (3, 10, 40), CPU)
    assert (plan.padded, plan.tile, plan.before) == ((8, 16, 40), (8, 16, 16), (2, 3, 0))
    assert plan.forwards == 4


@pytest.fixture
def t2w() -> Grid:
    return Grid((60, 50, 12), (0.9, 0.8, 3.0), (30.0, 25.0, -15.0), UPSIDE_DOWN)


def test_maps_are_interpolated_between_the_networks_voxels_in_patient_space(t2w: Grid):
    """A map that is a ramp of the patient's left is the same ramp on the T2W."""
    region = t2w.with_spacing((1.5, 1.0, 3.0)).centre_box((20, 20, 12))

    def ramp(grid: Grid) -> np.ndarray:
        points = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)[..., ::-1])
        return (0.5 + (points - t2w.centre) @ [0.015, 0.01, 0.005]).astype(np.float32)

    maps = maps_on(t2w, region, np.stack([ramp(region)] * 4))
    index = region.to_index(t2w.to_lps(np.moveaxis(np.indices(t2w.shape), 0, -1)[..., ::-1]))
    within = ((index >= 0) & (index <= np.array(region.size) - 1)).all(axis=-1)
    beyond = ((index < -0.51) | (index > np.array(region.size) - 0.49)).any(axis=-1)
    assert 0.1 < within.mean() < 0.5
    np.testing.assert_allclose(maps.similarity[within], ramp(t2w)[within], atol=1e-4)
    np.testing.assert_array_equal(maps.confidence[beyond], 0)
    np.testing.assert_array_equal(maps.base_margin[beyond], -20)


def test_a_zone_reaches_as_far_as_its_share_is_the_largest(t2w: Grid):
    """Two thirds peripheral, one third transition: peripheral; and what is everywhere outside stays so."""
    region = t2w.centre_box((20, 20, 12))
    shares = np.zeros((len(MAP_NAMES) + len(GlandZone), *region.shape), np.float32)
    of_zones = {GlandZone.OUTSIDE: (0.2, 0.9), GlandZone.PERIPHERAL: (0.5, 0.06), GlandZone.TRANSITION: (0.3, 0.04)}
    for zone, (left, right) in of_zones.items():
        shares[len(MAP_NAMES) + zone, ..., :10], shares[len(MAP_NAMES) + zone, ..., 10:] = left, right
    zones = maps_on(t2w, region, shares).zones
    assert zones.dtype == np.uint8
    assert np.unique(zones[:, 20, 20:30]).tolist() == [GlandZone.PERIPHERAL]
    assert np.unique(zones[:, 20, 30:]).tolist() == [GlandZone.OUTSIDE]


def test_the_networks_grid_has_the_bundles_spacing_axis_by_axis(t2w: Grid):
    """`spacing_mm` is told as z, y, x; the region is 128 mm wide in plane and no taller than the slices."""
    grid = network_grid(t2w, Preprocessing((2.0, 0.6, 0.5), 128.0, (16, 320, 320), "image", False))
    assert grid.spacing == (0.5, 0.6, 2.0)
    assert grid.size == (256, 214, 18)
    assert grid.direction == t2w.direction
    assert np.abs(np.linalg.solve(grid.axes, grid.centre - t2w.centre)).max() <= 0.5
    low = network_grid(t2w, Preprocessing((2.0, 0.6, 0.5), 20.0, (16, 320, 320), "image", False))
    assert low.size == (40, 34, 10)


def test_every_channel_lies_on_the_networks_grid_and_nothing_is_below_zero(t2w: Grid):
    """A bright point of the HBV, on its own grid, is bright where the patient has it; splines do not undershoot."""
    diffusion = replace(t2w.with_spacing((2.0, 1.8, 3.0)), direction=t2w.direction)
    point = np.zeros(diffusion.shape, np.float32)
    point[5:8, 6:11, 15:20] = 600.0
    point[6, 8, 17] = 900.0
    volume = np.full(t2w.shape, 300.0, np.float32)
    volume[:, ::7] = 200.0
    study = Study(to_image(volume, t2w), to_image(point + 900, diffusion), to_image(point, diffusion))
    preprocessing = Preprocessing((3.0, 0.6, 0.5), 128.0, (16, 320, 320), "region", False)
    volumes, grid = network_volumes(study, preprocessing, ("HBV", "T2W", "ADC"))
    z, y, x = np.unravel_index(volumes[0].argmax(), grid.shape)
    assert np.linalg.norm(grid.to_lps((x, y, z)) - diffusion.to_lps((17, 8, 6))) < 1.0
    np.testing.assert_allclose(volumes.mean(axis=(1, 2, 3)), 0, atol=1e-3)
    np.testing.assert_allclose(volumes.std(axis=(1, 2, 3)), 1, atol=1e-3)
    background = -volumes[0].min()
    assert (np.abs(volumes[0] + background) < 1e-6).mean() > 0.5  # zero, not a spline's ripple
    assert to_array(study.hbv).min() == 0
