from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files

UPRIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
T2W = Grid((60, 60, 12), (2.0, 2.0, 6.0), (-59.0, -59.0, -33.0), UPRIGHT)
DWI = Grid((40, 40, 12), (3.0, 3.0, 6.0), (-58.5, -58.5, -33.0), UPRIGHT)


def volume(grid: Grid, mean: float, spread: float) -> sitk.Image:
    noise = np.random.default_rng(0).normal(mean, spread, grid.shape)
    return to_image(noise.astype(np.float32), grid)


@pytest.fixture
def a_folder(tmp_path) -> Path:
    sitk.WriteImage(volume(T2W, 300, 50), str(tmp_path / "1_2_t2w.mha"))
    sitk.WriteImage(volume(DWI, 1300, 100), str(tmp_path / "1_2_adc.mha"))
    sitk.WriteImage(volume(DWI, 40, 5), str(tmp_path / "1_2_hbv.nii.gz"))
    return tmp_path


def rewrite(folder: Path, name: str, image: sitk.Image) -> None:
    sitk.WriteImage(image, str(folder / name))


def read(folder: Path):
    files = find_study_files(folder)
    assert files is not None
    return read_study_files(files)


def test_a_folder_with_picai_names_is_a_study(a_folder):
    study = read(a_folder)
    assert study.grid.size == T2W.size
    assert Grid.of(study.adc).matches(DWI)
    assert study.reasons[Modality.HBV]


def test_a_folder_without_picai_names_is_none(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert find_study_files(tmp_path) is None


def test_a_missing_modality_is_named(a_folder):
    (a_folder / "1_2_adc.mha").unlink()
    with pytest.raises(InputError, match=r"No ADC file .*--adc"):
        find_study_files(a_folder)


def test_two_candidates_are_refused(a_folder):
    rewrite(a_folder, "1_3_t2w.nii.gz", volume(T2W, 300, 50))
    with pytest.raises(InputError, match="2 files of the folder end on _t2w"):
        find_study_files(a_folder)


def test_adc_in_other_units_is_refused(a_folder):
    rewrite(a_folder, "1_2_adc.mha", volume(DWI, 1.3e-3, 1e-4))
    with pytest.raises(InputError, match="1e-6 mm2/s"):
        read(a_folder)


def test_volumes_that_do_not_overlap_are_refused(a_folder):
    far = Grid(DWI.size, DWI.spacing, (400.0, 400.0, 0.0), UPRIGHT)
    rewrite(a_folder, "1_2_hbv.nii.gz", volume(far, 40, 5))
    with pytest.raises(InputError, match="HBV covers 0%"):
        read(a_folder)


@pytest.mark.parametrize(
    ("values", "said"),
    [(np.zeros(T2W.shape), "same value"), (np.full(T2W.shape, np.nan), "not numbers")],
)
def test_a_volume_without_an_image_in_it_is_refused(a_folder, values, said):
    rewrite(a_folder, "1_2_t2w.mha", to_image(values.astype(np.float32), T2W))
    with pytest.raises(InputError, match=said):
        read(a_folder)


def test_a_single_slice_is_refused(a_folder):
    rewrite(a_folder, "1_2_t2w.mha", volume(T2W, 300, 50)[:, :, :1])
    with pytest.raises(InputError, match="only 1 slices"):
        read(a_folder)


def test_a_file_that_is_no_image_is_refused_without_its_path(a_folder):
    (a_folder / "1_2_adc.mha").write_text("not an image")
    with pytest.raises(InputError, match="ADC file cannot be read") as caught:
        read(a_folder)
    assert str(a_folder) not in str(caught.value)


def test_the_real_study_is_read_in_its_own_geometries(real_study):
    study = read(real_study / "picai" / "images")
    assert study.grid.size == (384, 384, 19)
    assert study.adc.GetSize() == (84, 128, 19)
    assert abs(study.grid.direction[5]) > 0.3  # oblique
