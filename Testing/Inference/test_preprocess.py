from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.bundle.config import Preprocessing
from ProstateAlignRefineLib.bundle.network_grid import network_grid
from ProstateAlignRefineLib.core.geometry import BSPLINE, Grid, resample, to_array, to_image
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.inference.preprocess import network_volumes

CHANNELS = ("T2W", "ADC", "HBV")


@pytest.fixture(scope="module")
def study() -> Study:
    """Smooth tissue on two oblong, tilted grids."""
    t2w = Grid((180, 190, 19), (0.9, 0.8, 3.0), (-80.0, -75.0, -27.0), (1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96))
    diffusion = t2w.with_spacing((2.0, 1.8, 3.0))

    def tissue(grid: Grid, mean: float) -> sitk.Image:
        points = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)[..., ::-1])
        waves = 1 + 0.2 * np.sin(points / (9.0, 7.0, 5.0)).sum(axis=-1) + 0.004 * np.abs(points).sum(axis=-1)
        return to_image((mean * waves).astype(np.float32), grid)

    return Study(tissue(t2w, 300.0), tissue(diffusion, 1200.0), tissue(diffusion, 60.0))


@pytest.fixture(scope="module")
def published(real_study) -> Study:
    return read_study_files(find_study_files(real_study / "picai" / "images"))


def preprocessing(normalization: str = "image", smoothing: bool = False) -> Preprocessing:
    return Preprocessing((3.0, 0.5, 0.5), 128.0, (16, 320, 320), normalization, smoothing)


def test_the_region_is_128_mm_about_the_t2w_centre(study):
    grid = network_grid(study.grid, preprocessing())
    assert grid.size == (256, 256, 19)
    assert np.abs(grid.centre - study.grid.centre).max() < 0.5
    assert grid.direction == study.grid.direction


def test_volumes_agree_with_picai_preprocessing_voxel_by_voxel(published, real_study):
    """picai_prep's own output of the same study, 20 x 256 x 256; it cuts to whole numbers twice, hence 2 units."""
    volumes, grid = network_volumes(published, preprocessing(), CHANNELS)
    for channel, ours in enumerate(volumes):
        path = real_study / "expected-preprocessing" / f"crop20x256x256_3x0.5x0.5_000{channel}.nii.gz"
        theirs = to_array(sitk.ReadImage(str(path)))[: grid.shape[0]].astype(float)
        np.testing.assert_allclose(grid.to_lps((0, 0, 0)), Grid.of(sitk.ReadImage(str(path))).origin, atol=1e-3)
        scale, offset = np.polyfit(ours.ravel(), theirs.ravel(), 1)
        difference = np.abs(ours * scale + offset - theirs)
        assert np.percentile(difference[1:-1], 99.9) < 2.5
        assert difference.mean() < 1.0


def test_every_channel_is_z_scored_over_what_the_bundle_says(study):
    over_region, _ = network_volumes(study, preprocessing("region"), CHANNELS)
    np.testing.assert_allclose(over_region.mean(axis=(1, 2, 3)), 0, atol=1e-3)
    np.testing.assert_allclose(over_region.std(axis=(1, 2, 3)), 1, atol=1e-3)
    over_image, _ = network_volumes(study, preprocessing("image"), CHANNELS)
    assert abs(over_image[0].mean()) > 0.05


def test_channels_come_in_the_order_asked(study):
    forward, _ = network_volumes(study, preprocessing("region"), CHANNELS)
    backward, _ = network_volumes(study, preprocessing("region"), CHANNELS[::-1])
    np.testing.assert_array_equal(forward, backward[::-1])


def test_adc_keeps_its_physical_scale_where_the_bundle_says_so(study):
    absolute, grid = network_volumes(study, preprocessing("absolute_adc"), CHANNELS)
    over_region, _ = network_volumes(study, preprocessing("region"), CHANNELS)
    adc = np.maximum(to_array(resample(study.adc, grid, BSPLINE)), 0)
    np.testing.assert_allclose(absolute[1], (adc - 1200) / 600, atol=1e-4)
    np.testing.assert_array_equal(absolute[[0, 2]], over_region[[0, 2]])


def test_smoothing_keeps_what_fine_voxels_say_and_leaves_coarse_ones_alone():
    """One bright voxel in every 4 x 4: without smoothing a grid of every fourth voxel sees all of it, or nothing."""
    fine = np.zeros((6, 64, 64), np.float32)
    fine[:, ::4, ::4] = 16.0
    tilted = (1, 0, 0, 0, 0.96, -0.28, 0, 0.28, 0.96)
    volume = to_image(fine, Grid((64, 64, 6), (0.5, 0.4, 3.0), (0.0, 0.0, 0.0), tilted))
    coarse = replace(preprocessing("absolute_adc", smoothing=True), spacing_mm=(3.0, 1.6, 2.0), region_mm=24.0)
    adc, _ = network_volumes(Study(volume, volume, volume), coarse, ("T2W", "ADC", "HBV"))
    np.testing.assert_allclose(adc[1] * 600 + 1200, 1.0, atol=0.35)
    rough, _ = network_volumes(Study(volume, volume, volume), replace(coarse, smoothing=False), ("T2W", "ADC", "HBV"))
    assert np.abs(rough[1] * 600 + 1200 - 1.0).max() > 0.6
    as_scanned = replace(coarse, spacing_mm=(3.0, 0.4, 0.5))
    same, _ = network_volumes(Study(volume, volume, volume), as_scanned, ("T2W", "ADC", "HBV"))
    sharp, _ = network_volumes(
        Study(volume, volume, volume), replace(as_scanned, smoothing=False), ("T2W", "ADC", "HBV")
    )
    np.testing.assert_array_equal(same, sharp)


def test_a_small_field_of_view_is_padded_and_a_tall_one_is_cut():
    small = Grid((100, 90, 80), (0.5, 0.6, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    grid = network_grid(small, preprocessing())
    assert grid.size == (256, 256, 43)
