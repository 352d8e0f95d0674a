"""A small synthetic study, written as DICOM."""

from pathlib import Path

import pytest

from Dicom.making import small_study
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.dicom import load_study, write_study


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """A DICOM study: folders t2w, adc, hbv of ten files each."""
    write_study(small_study(), tmp_path / "study", seed=1)
    return tmp_path / "study"


@pytest.fixture
def study(study_folder: Path) -> Study:
    return load_study(study_folder)


@pytest.fixture(scope="session")
def real_dicom(real_study: Path) -> Path:
    return real_study / "dicom"
