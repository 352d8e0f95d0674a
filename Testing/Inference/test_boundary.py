"""The boundary refiner on a study's maps: in the bands alone, and the same however the study lies and is stored."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from host.random_bundle import prompted_random_bundle, silent
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.maps import Maps
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.inference.boundary import LEAST_CONFIDENCE, on_same_axes, refined
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.predictor import maps_on
from ProstateAlignRefineLib.inference.prompting import Region, prompted
from ProstateAlignRefineLib.inference.segment import answer, forward_pass
from ProstateAlignRefineLib.network.boundary.refiner import BoundaryRefiner
from ProstateAlignRefineLib.network.boundary.settings import BoundarySettings
from ProstateAlignRefineLib.network.bundle import Bundle
from ProstateAlignRefineLib.network.text_encoder import with_prompt
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

SIZE = (44, 36, 9)
SPACING = (0.6, 0.9, 3.0)
PLAIN = tuple(np.eye(3).ravel())
REACH_MM = 6.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    plain = prompted_random_bundle(tmp_path_factory.mktemp("model") / "bundle")
    settings = BoundarySettings(0.75, 2.0, REACH_MM, (4, 6, 8), plain.prompted.settings.width)
    refiner = BoundaryRefiner(settings).eval()
    for parameter in refiner.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return replace(plain, boundary=refiner)


def turned(degrees: float) -> tuple[float, ...]:
    """About x and then y, so that no axis keeps its direction."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    about_x, about_y = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]), np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return tuple(float(value) for value in (about_x @ about_y).ravel())


def seen(bundle: Bundle, direction: tuple[float, ...], flipped: bool = False) -> tuple[Study, Region]:
    """The same voxels in a patient who lies as `direction` says; `flipped`: stored from the other ends."""
    rng = np.random.default_rng(2)
    grid = Grid(SIZE, SPACING, (5.0, -3.0, 11.0), direction)
    images = [to_image(rng.normal(100, 20, grid.shape).astype(np.float32), grid) for _ in range(3)]
    if flipped:
        images = [image[::-1, :, ::-1] for image in images]
    coarse = grid.with_spacing((1.5, 1.5, 3.0))
    channels = 9 + sum(bundle.prompted.settings.features)
    stacked = rng.normal(0, 1, (channels, *coarse.shape)).astype(np.float32)
    stacked[0] = -6.0
    stacked[0, 3:6, 8:14, 6:11] = 2.0
    stacked[2] = 1 / (1 + np.exp(-stacked[0]))
    stacked[3] = 0.5
    volumes = rng.normal(0, 1, (3, *coarse.shape)).astype(np.float32)
    return Study(*images), Region(volumes, coarse, stacked, bundle.prompted.settings.features[0])


def edited(bundle: Bundle, study: Study, region: Region) -> tuple[Maps, Maps]:
    """Before and after."""
    stacked = prompted(bundle, region)
    maps = maps_on(study.grid, region.grid, stacked)
    return maps, refined(bundle, study, region, stacked, maps)


def delta_of(bundle: Bundle, study: Study, region: Region) -> np.ndarray:
    _, after = edited(bundle, study, region)
    return after.refined_margin - after.base_margin


def test_nothing_moves_but_in_the_band_around_what_was_found(bundle: Bundle) -> None:
    study, region = seen(bundle, PLAIN)
    before, after = edited(bundle, study, region)
    delta = after.refined_margin - after.base_margin
    distance = to_array(
        sitk.SignedMaurerDistanceMap(
            to_image((before.base_margin > 0).astype(np.uint8), study.grid), False, False, True
        )
    )
    band = (distance <= REACH_MM) & (before.confidence > LEAST_CONFIDENCE)
    assert not delta[~band].any()
    assert float(delta[band].std()) > 0.05
    assert (delta[band] != 0).mean() > 0.99
    for name in ("base_margin", "confidence", "similarity", "zones"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_a_turned_patient_gets_the_same_edits(bundle: Bundle) -> None:
    plain, oblique = (delta_of(bundle, *seen(bundle, direction)) for direction in (PLAIN, turned(17.0)))
    assert float(np.abs(plain).max()) > 0.1
    np.testing.assert_allclose(oblique, plain, atol=2e-3)


def test_voxels_stored_the_other_way_round_get_the_same_edits(bundle: Bundle) -> None:
    plain, flipped = (delta_of(bundle, *seen(bundle, turned(17.0), flipped)) for flipped in (False, True))
    np.testing.assert_allclose(flipped, plain, atol=1e-4)


def test_the_images_own_detail_is_read(bundle: Bundle) -> None:
    """A change of the T2W in one voxel, which the region does not know."""
    study, region = seen(bundle, PLAIN)
    t2w = sitk.Image(study.t2w)
    t2w[20, 20, 4] = t2w[20, 20, 4] + 60.0
    changed = delta_of(bundle, replace(study, t2w=t2w), region) - delta_of(bundle, study, region)
    assert float(np.abs(changed).max()) > 1e-3


@pytest.mark.parametrize("channel", [0, 4, 8], ids=["margin", "outside", "stroma"])
def test_what_the_network_saw_is_read(bundle: Bundle, channel: int) -> None:
    study, region = seen(bundle, PLAIN)
    stacked = region.stacked.copy()
    stacked[channel] += 2.0
    changed = delta_of(bundle, study, replace(region, stacked=stacked)) - delta_of(bundle, study, region)
    assert float(np.abs(changed).max()) > 1e-3


def test_the_words_asked_for_change_the_edits(bundle: Bundle) -> None:
    study, region = seen(bundle, PLAIN)
    stacked = prompted(bundle, region)
    maps = maps_on(study.grid, region.grid, stacked)
    small, large = (
        refined(replace(bundle, prompts=(prompt,)), study, region, stacked, maps).refined_margin
        for prompt in ("small lesion", "large lesion")
    )
    assert float(np.abs(small - large).max()) > 1e-3


def test_where_nothing_is_found_nothing_is_edited(bundle: Bundle) -> None:
    study, region = seen(bundle, PLAIN)
    region.stacked[0] = -6.0
    assert not delta_of(bundle, study, region).any()


def test_without_it_the_networks_own_refiner_is_in_force(bundle: Bundle) -> None:
    study, region = seen(bundle, PLAIN)
    before, after = edited(replace(bundle, boundary=None), study, region)
    assert after is before


def test_a_whole_answer_follows_a_new_prompt(bundle: Bundle) -> None:
    study = make_phantom(4, Sampling.of_field((2.0, 2.0, 4.0), (96.0, 88.0, 60.0))).study
    forwarded = forward_pass(study, bundle, Compute(torch.device("cpu"), "fp32"), silent)
    for prompt in ("lesion", "left lesion"):
        maps = answer(forwarded, with_prompt(bundle, prompt), silent).maps
        moved = maps.refined_margin != maps.base_margin
        assert not moved[maps.confidence <= LEAST_CONFIDENCE].any()
        assert moved.any() == (maps.base_margin > 0).any()


@pytest.mark.parametrize("spacing", [(0.75, 0.75, 3.0), (0.3, 0.4, 1.5)])
def test_linear_values_stay_linear_on_other_spacings(spacing: tuple[float, float, float]) -> None:
    direction = turned(-8.0)
    grid = Grid((30, 28, 9), (0.5, 0.8, 2.0), (1.0, 2.0, 3.0), direction)
    wanted = grid.with_spacing(spacing)
    wanted = wanted.centre_box((9, 10, 3))

    def ramp(on: Grid) -> np.ndarray:
        index = np.stack(np.meshgrid(*map(np.arange, on.shape), indexing="ij"), axis=-1)[..., ::-1]
        return (on.to_lps(index) @ np.array([0.3, -0.2, 0.5])).astype(np.float32)

    np.testing.assert_allclose(on_same_axes(ramp(grid)[None], grid, wanted)[0], ramp(wanted), atol=1e-4)
