import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.core.study_files import find_study_files, read_plane_files, read_study_files

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


def test_what_macos_leaves_beside_a_copy_is_no_image(a_folder):
    (a_folder / "._1_2_t2w.mha").write_bytes(b"\0\5\x16\7")
    assert find_study_files(a_folder)[Modality.T2W] == a_folder / "1_2_t2w.mha"


def test_a_missing_modality_is_named(a_folder):
    (a_folder / "1_2_adc.mha").unlink()
    with pytest.raises(InputError, match=r"No ADC file .*--adc"):
        find_study_files(a_folder)


def test_two_candidates_are_refused(a_folder):
    rewrite(a_folder, "1_3_t2w.nii.gz", volume(T2W, 300, 50))
    with pytest.raises(InputError, match="2 files of the folder end on _t2w"):
        find_study_files(a_folder)


@pytest.mark.fault("an ADC file in mm2/s, 1e-3 mm2/s or 1e-7 mm2/s", "it is converted, and the report says so")
@pytest.mark.parametrize(("unit", "factor"), [("mm2/s", 1e-6), ("1e-3 mm2/s", 1e-3), ("1e-7 mm2/s", 10.0)])
def test_adc_in_another_unit_is_converted_and_said(a_folder, unit, factor):
    plain = to_array(read(a_folder).adc)
    rewrite(a_folder, "1_2_adc.mha", volume(DWI, 1300 * factor, 100 * factor))
    study = read(a_folder)
    np.testing.assert_allclose(to_array(study.adc), plain, rtol=1e-5)
    converted = f"a file given by name. Its values, in {unit}, were converted to 1e-6 mm2/s."
    assert study.reasons[Modality.ADC] == converted


@pytest.mark.fault("an ADC file in no unit of diffusion", "refused, with the median found")
def test_adc_in_no_known_unit_is_refused(a_folder):
    rewrite(a_folder, "1_2_adc.mha", volume(DWI, 60, 10))
    with pytest.raises(InputError, match="1e-6"):
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


@pytest.fixture
def unplaced(tmp_path) -> dict[Modality, Path]:
    """Three NIfTI files of one grid whose codes of qform and sform are 0."""
    files = {}
    for modality, mean, spread in ((Modality.T2W, 300, 50), (Modality.ADC, 1300, 100), (Modality.HBV, 40, 5)):
        files[modality] = tmp_path / f"{modality.value}.nii"
        sitk.WriteImage(volume(T2W, mean, spread), str(files[modality]))
        without_position(files[modality])
    return files


def without_position(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[252:256] = bytes(4)
    path.write_bytes(raw)


@pytest.mark.fault("NIfTI files without qform and sform", "refused; --same-grid takes them where their grids are one")
def test_files_without_a_position_need_the_users_word(unplaced):
    with pytest.raises(InputError, match=r"The T2W, ADC and HBV files do not say where .* --same-grid"):
        read_study_files(unplaced)
    (caution,) = read_study_files(unplaced, same_grid=True).cautions
    assert caution.code == "position-unknown"
    assert "right and left" in caution.text


@pytest.mark.fault("NIfTI files without a position, of different grids", "refused whatever is said")
@pytest.mark.parametrize("other", ["another grid", "placed"])
def test_the_users_word_does_not_help_where_grids_differ(unplaced, other):
    image = volume(DWI if other == "another grid" else T2W, 40, 5)
    sitk.WriteImage(image, str(unplaced[Modality.HBV]))
    if other == "another grid":
        without_position(unplaced[Modality.HBV])
    with pytest.raises(InputError, match="three grids are not the same"):
        read_study_files(unplaced, same_grid=True)


def test_what_reading_put_right_stays_with_the_study(a_folder):
    axes = np.array([[1, 0, 0.008], [0, 1, 0], [0, 0, 1]])
    raw = (a_folder / "1_2_t2w.mha").read_bytes()
    matrix = b"TransformMatrix = " + " ".join(str(v) for v in axes.T.ravel()).encode()
    (a_folder / "1_2_t2w.mha").write_bytes(re.sub(rb"TransformMatrix[^\n]*", matrix, raw))
    assert [caution.code for caution in read(a_folder).cautions] == ["axes-sheared"]


def test_the_real_study_is_read_in_its_own_geometries(real_study):
    study = read(real_study / "picai" / "images")
    assert study.grid.size == (384, 384, 19)
    assert study.adc.GetSize() == (84, 128, 19)
    assert abs(study.grid.direction[5]) > 0.3  # oblique


def test_planes_beside_the_study_are_read_and_what_cannot_be_shown_is_left_out(a_folder):
    sagittal = Grid((30, 40, 9), (0.6, 0.7, 3.5), (-8.0, -4.0, -20.0), (0, 0, 1, 1, 0, 0, 0, -1, 0))
    rewrite(a_folder, "1_2_sag.mha", volume(sagittal, 300, 50))
    (a_folder / "1_2_cor.mha").write_bytes(b"no image")
    planes = read_plane_files(a_folder)
    assert list(planes) == ["sagittal"]
    assert Grid.of(planes["sagittal"]).matches(sagittal)
    rewrite(a_folder, "other_sag.mha", volume(sagittal, 300, 50))
    assert read_plane_files(a_folder) == {}
