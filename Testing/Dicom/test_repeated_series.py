"""Series that a study holds twice: which are taken, and what is said of the others."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.uid import generate_uid

from Dicom.making import change, grid_about, oblique_axes
from ProstateAlignRefineLib.core.geometry import Grid, to_image
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import load_study, write_study
from ProstateAlignRefineLib.dicom.match.survey import as_text, survey


def codes(study: Study) -> list[str]:
    return [caution.code for caution in study.cautions]


def text_of(study: Study, code: str) -> str:
    return next(caution.text for caution in study.cautions if caution.code == code)


ANATOMY = np.random.default_rng(5).normal(size=(14, 14, 8))


def anatomy(grid: Grid, moved=(0.0, 0.0, 0.0), low=600.0, high=1800.0) -> sitk.Image:
    """Smooth structures in patient space, moved by so much (LPS, mm)."""
    field = sitk.GetImageFromArray(ANATOMY.transpose(2, 1, 0))
    field.SetSpacing((12.0, 12.0, 9.0))
    field.SetOrigin((-78.0 + moved[0], -62.0 + moved[1], -66.0 + moved[2]))
    values = sitk.GetArrayFromImage(
        sitk.Resample(field, grid.empty(), sitk.Transform(), sitk.sitkBSpline, 0.0, sitk.sitkFloat32)
    )
    return to_image(np.round(np.clip((low + high) / 2 + values * (high - low) / 4, 1, 4000)), grid)


def moving_study(folder: Path, moved=(0.0, 0.0, 0.0)) -> None:
    t2w = grid_about((4.0, 20.0, -30.0), (110, 96, 16), (0.8, 0.8, 3.0), oblique_axes(18.0))
    diffusion = grid_about((4.0, 20.0, -30.0), (60, 52, 16), (2.0, 2.0, 3.0), oblique_axes(18.0))
    adc = anatomy(diffusion, moved)
    hbv = sitk.Cast(900 * sitk.Exp(adc * -1.4e-3), sitk.sitkUInt16)
    write_study(Study(anatomy(t2w, low=200, high=900), adc, hbv), folder)


def repeated(folder: Path, names, number: int, minutes: float, moved=None) -> None:
    """These series once more, acquired so many minutes after the others, showing what was moved."""
    source = folder.parent / f"source{number}"
    moving_study(source, moved or (0.0, 0.0, 0.0))
    for name in names:
        uid = generate_uid()

        def edit(dataset: Dataset, uid=uid) -> None:
            dataset.SeriesInstanceUID, dataset.SOPInstanceUID = uid, generate_uid()
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.SeriesNumber = int(dataset.SeriesNumber) + number
            set_time(dataset, minutes)

        change(source / name, edit)
        shutil.copytree(source / name, folder / f"{name}{number}")


def set_time(dataset: Dataset, minutes: float) -> None:
    dataset.AcquisitionDate = "20240201"
    dataset.AcquisitionTime = f"{10 + int(minutes) // 60:02d}{int(minutes) % 60:02d}00"


@pytest.fixture
def moving_folder(tmp_path) -> Path:
    """T2W at 10:00, ADC and HBV at 10:10, in place."""
    folder = tmp_path / "moving"
    moving_study(folder)
    change(folder / "t2w", lambda dataset: set_time(dataset, 0))
    for name in ("adc", "hbv"):
        change(folder / name, lambda dataset: set_time(dataset, 10))
    return folder


def numbers(study: Study) -> list[int]:
    return [int(study.headers[modality][0].SeriesNumber) for modality in Modality]


@pytest.mark.fault("diffusion repeated after the patient moved", "the pair nearest to the T2W; the other is named")
@pytest.mark.parametrize("number", [10, -1])
def test_the_pair_in_place_is_taken_whatever_its_number_and_time(moving_folder, number):
    repeated(moving_folder, ("adc", "hbv"), 10, minutes=12, moved=(9.0, 4.0, 0.0))
    if number < 0:  # the displaced pair comes first
        swap = {2: 32, 3: 33, 12: 2, 13: 3}
        change(moving_folder, lambda dataset: setattr(dataset, "SeriesNumber", swap.get(dataset.SeriesNumber, 1)))
    study = load_study(moving_folder)
    assert numbers(study) == ([1, 2, 3] if number > 0 else [1, 32, 33])
    said = text_of(study, "repeated-adc")
    assert "The study holds 2 ADC maps" in said
    assert "nearer in position" in said
    assert said in as_text(survey(moving_folder))


def test_pairs_stay_together_and_the_nearer_in_time_is_taken(moving_folder):
    repeated(moving_folder, ("adc", "hbv"), 10, minutes=50)
    change(moving_folder / "hbv10", lambda dataset: setattr(dataset, "DiffusionBValue", 1500.0))
    study = load_study(moving_folder)
    assert numbers(study) == [1, 2, 3]
    assert "nearer in time" in text_of(study, "repeated-adc")


@pytest.mark.fault("a repeated T2W", "the one nearer to the diffusion images; the other is named")
def test_of_two_t2w_the_one_nearer_to_the_diffusion_is_taken(moving_folder):
    repeated(moving_folder, ("t2w",), 10, minutes=40)
    study = load_study(moving_folder)
    assert numbers(study) == [1, 2, 3]
    assert "series 1 (T2W axial) was taken, not series 11 (T2W axial): nearer in time" in text_of(study, "repeated-t2w")
    chosen = load_study(moving_folder, choices={Modality.T2W: 11})
    assert numbers(chosen) == [11, 2, 3]
    assert "repeated-t2w" not in codes(chosen)
