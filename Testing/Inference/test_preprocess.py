import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.inference.preprocess import network_grid, network_volumes
from ProstateAlignRefineLib.model.config import Preprocessing

CHANNELS = ("T2W", "ADC", "HBV")


@pytest.fixture(scope="module")
def study(real_study):
    return read_study_files(find_study_files(real_study / "picai" / "images"))


def preprocessing(normalization: str = "image") -> Preprocessing:
    return Preprocessing((3.0, 0.5, 0.5), 128.0, (16, 320, 320), normalization)


def test_the_region_is_128_mm_about_the_t2w_centre(study):
    grid = network_grid(study.grid, preprocessing())
    assert grid.size == (256, 256, 19)
    assert np.abs(grid.centre - study.grid.centre).max() < 0.5
    assert grid.direction == study.grid.direction


def test_volumes_agree_with_picai_preprocessing_voxel_by_voxel(study, real_study):
    """picai_prep's own output of the same study, 20 x 256 x 256; it cuts to whole numbers twice, hence 2 units."""
    volumes, grid = network_volumes(study, preprocessing(), CHANNELS)
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


def test_a_small_field_of_view_is_padded_and_a_tall_one_is_cut():
    small = Grid((100, 100, 80), (0.5, 0.5, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    grid = network_grid(small, preprocessing())
    assert grid.size == (256, 256, 43)
