"""Written series: valid, deterministic, marked for what they are."""

import numpy as np
import pytest
from pydicom import dcmread

from Dicom.making import dciodvfy_errors, read_by_highdicom, read_by_itk, small_study
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import write_study
from ProstateAlignRefineLib.dicom.write.series import quantised


@pytest.mark.parametrize("modality", list(Modality))
def test_every_series_is_valid(study_folder, modality):
    assert dciodvfy_errors(study_folder / modality.value / "0003.dcm") == []


def test_others_read_the_same_volume(study_folder):
    image, original = read_by_itk(study_folder / "t2w"), small_study()
    assert Grid.of(image).matches(original.grid, 1e-6)
    assert np.abs(to_array(image) - to_array(original.t2w)).max() < 0.01
    found = read_by_highdicom(study_folder / "t2w", original.grid)
    assert np.abs(found - to_array(original.t2w)).max() < 0.01


def test_same_seed_gives_the_same_files(study_folder, tmp_path):
    write_study(small_study(), tmp_path / "again", seed=1)
    for path in study_folder.rglob("*.dcm"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(study_folder)).read_bytes()


def test_images_say_that_they_are_synthetic(study_folder):
    image = dcmread(study_folder / "t2w" / "0001.dcm")
    assert image.PatientName == "Phantom^Synthetic"
    assert image.SyntheticData == "YES"
    assert image.ImageType[0] == "DERIVED"
    assert image.StudyDate == ""


@pytest.mark.parametrize(
    "values", [np.arange(12.0), np.linspace(0, 1, 12), np.linspace(-5, 3, 12), np.full(12, 0.5), np.zeros(12)]
)
def test_quantised_values_come_back(values):
    stored, slope, intercept = quantised(values)
    assert np.abs(stored * slope + intercept - values).max() <= max(np.ptp(values), 1e-9) / 65535
