"""A small synthetic study, written as DICOM."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from Dicom.making import small_study, two_lesions
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


@pytest.fixture
def labels(study: Study) -> NDArray[np.uint8]:
    """Two lesions on the T2W grid."""
    return two_lesions(study.grid)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a segmentation goes."""
    return tmp_path / "lesions.seg.dcm"


@pytest.fixture(scope="session")
def real_dicom(real_study: Path) -> Path:
    return real_study / "dicom"
