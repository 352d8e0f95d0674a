"""The network reads about the prostate, wherever in the images it lies: the same prostate gets the same answer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from host.random_bundle import silent
from ProstateAlignRefineLib import load_model, read_study
from ProstateAlignRefineLib.api import Model
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.checks.study_cautions import looked_at
from ProstateAlignRefineLib.core.checks.study_entry import entered
from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.maps import MAP_NAMES
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.evaluation.metrics import overlap
from ProstateAlignRefineLib.inference import segment
from ProstateAlignRefineLib.inference.aiming import MOST_READS, about_gland
from ProstateAlignRefineLib.inference.prompting import Region
from ProstateAlignRefineLib.inference.segment import forward_pass, segment_study
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

TILT = np.deg2rad(20)
OBLIQUE = (-1.0, 0.0, 0.0, 0.0, np.cos(TILT), -np.sin(TILT), 0.0, -np.sin(TILT), -np.cos(TILT))
FIELD = Grid((110, 90, 30), (1.5, 1.8, 3.0), (61.0, -70.0, 12.0), OBLIQUE)
RADIUS_MM = 20.0
RIGHT_LEFT, BACK = 0, 1


def region(size: tuple[int, int, int]) -> Grid:
    return FIELD.centre_box(size)


def read(grid: Grid, gland: np.ndarray, radius_mm: float = RADIUS_MM) -> Region:
    """What a network that sees the part of a ball about `gland` (LPS mm) in `grid` gives of it."""
    z, y, x = np.indices(grid.shape)
    inside = np.linalg.norm(grid.to_lps(np.stack([x, y, z], axis=-1)) - gland, axis=-1) <= radius_mm
    stacked = np.zeros((len(MAP_NAMES) + len(GlandZone), *grid.shape), np.float32)
    stacked[len(MAP_NAMES) + GlandZone.OUTSIDE] = ~inside
    stacked[len(MAP_NAMES) + GlandZone.PERIPHERAL] = inside
    return Region(np.zeros((3, *grid.shape), np.float32), grid, stacked, 8)


def test_the_region_moves_until_the_gland_lies_in_its_middle():
    grid = region((70, 60, 30))
    gland = FIELD.to_lps((70.0, 35.0, 15.0))
    aimed = about_gland(read(grid, gland), FIELD)
    assert aimed is not None
    off = aimed.axes.T @ (aimed.centre - gland)
    assert np.abs(off[:2]).max() <= 1.0
    assert aimed.size == grid.size
    assert np.allclose(FIELD.to_index(aimed.origin), np.round(FIELD.to_index(aimed.origin)), atol=1e-6)
    assert about_gland(read(aimed, gland), FIELD) is None


def test_a_gland_near_the_middle_is_read_once():
    grid = region((70, 60, 30))
    assert about_gland(read(grid, grid.centre + grid.axes @ (2.0, -2.5, 0.0)), FIELD) is None


def test_along_z_the_region_ends_with_the_slices():
    whole = region((70, 60, 30))
    assert about_gland(read(whole, FIELD.to_lps((54.5, 44.5, 24.0))), FIELD) is None  # all of them are read already
    aimed = about_gland(read(region((70, 60, 20)), FIELD.to_lps((54.5, 44.5, 24.0))), FIELD)
    assert aimed is not None
    assert np.allclose(FIELD.to_index(aimed.origin)[2], 10.0)


def test_nothing_that_can_be_a_prostate_moves_nothing():
    grid = region((70, 60, 30))
    assert about_gland(read(grid, FIELD.to_lps((80.0, 30.0, 15.0)), radius_mm=5.0), FIELD) is None


@pytest.fixture(scope="module")
def starter() -> Model:
    return load_model(device="cpu")


@pytest.fixture(scope="module")
def study() -> Study:
    """With lesions that the model finds, on a field of view of half as much again as the region."""
    return make_phantom(8, Sampling.of_field((0.75, 0.9, 3.0), (180.0, 180.0, 57.0))).study


def cut(volume: sitk.Image, axis: int, mm: float) -> sitk.Image:
    """`mm` less at the start of an axis, or at its end where negative: its middle moves by half of that."""
    low, high = [0, 0, 0], [0, 0, 0]
    (low if mm > 0 else high)[axis] = round(abs(mm) / volume.GetSpacing()[axis])
    return sitk.Crop(volume, low, high)


@pytest.mark.fault("the prostate lies off the middle of the images", "the same lesions")
def test_where_in_the_images_the_prostate_lies_changes_no_lesion(starter, study):
    off = replace(study, t2w=cut(study.t2w, BACK, -40.0))
    assert overlap(inside(found(starter, study), study, off), found(starter, off)).dice > 0.9


def test_the_real_lesion_is_found_wherever_the_prostate_lies(starter, real_study):
    study = looked_at(entered(read_study(real_study / "picai" / "images")))
    whole = found(starter, study)
    for axis, mm in ((BACK, -32.0), (BACK, 32.0), (RIGHT_LEFT, 48.0)):
        off = replace(study, t2w=cut(study.t2w, axis, mm))
        assert overlap(inside(whole, study, off), found(starter, off)).dice > 0.85, (axis, mm)


def found(model: Model, study: Study) -> np.ndarray:
    maps = segment_study(study, model.bundle, model.compute, silent).maps
    return apply_gate(maps, model.bundle.config.tau, model.bundle.config.alpha).mask


def inside(mask: np.ndarray, study: Study, off: Study) -> np.ndarray:
    """The part of `mask` that the smaller T2W shows."""
    x, y, z = np.round(study.grid.to_index(off.grid.origin)).astype(int)
    depth, height, width = off.grid.shape
    return mask[z : z + depth, y : y + height, x : x + width]


def test_what_was_no_gland_from_near_is_not_followed(starter, study, monkeypatch):
    reads = answers(monkeypatch, lambda grid, number: FIELD.origin if number else grid.to_lps((50.0, 60.0, 9.0)))
    seen = forward_pass(study, starter.bundle, starter.compute, silent)
    assert len(reads) == 2
    assert seen.region.grid == reads[0]


def test_a_gland_that_flees_is_not_followed_for_ever(starter, study, monkeypatch):
    reads = answers(monkeypatch, lambda grid, number: grid.to_lps((50.0, 40.0, 9.0)))
    seen = forward_pass(study, starter.bundle, starter.compute, silent)
    assert len(reads) == MOST_READS
    assert seen.region.grid == reads[-1]


def answers(monkeypatch: pytest.MonkeyPatch, gland: Callable[[Grid, int], np.ndarray]) -> list[Grid]:
    """A network that takes a ball about `gland` for the prostate in its n-th read; the grids that it reads."""
    reads: list[Grid] = []
    volumes = segment.network_volumes

    def kept(study, preprocessing, channels, grid):
        reads.append(grid)
        return volumes(study, preprocessing, channels, grid)

    def predicted(bundle, array, compute, progress):
        return read(reads[-1], np.asarray(gland(reads[-1], len(reads) - 1))).stacked, compute

    monkeypatch.setattr(segment, "network_volumes", kept)
    monkeypatch.setattr(segment, "_predict", predicted)
    return reads
