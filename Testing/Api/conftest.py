"""The small study and model of the commands' tests, and a synthetic study as DICOM."""

import pytest

from Commands.conftest import a_bundle, a_study_folder  # noqa: F401 fixtures
from ProstateAlignRefineLib import cli


@pytest.fixture(scope="module")
def a_dicom_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    assert cli.main(["phantom", "-o", str(folder), "--seed", "3"]) == 0
    return folder / "dicom"
