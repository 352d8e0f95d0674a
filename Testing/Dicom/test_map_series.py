"""Maps as derived MR series: valid, on the T2W grid, within half a thousandth, tied to their sources."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from Dicom.enhanced import enhance
from Dicom.making import INFO, dciodvfy_errors, read_by_highdicom, read_by_itk
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import load_study, write_map
from ProstateAlignRefineLib.dicom.match.select import series_volumes
from ProstateAlignRefineLib.dicom.read.folder import scan_folder
from ProstateAlignRefineLib.dicom.write import map_series


@pytest.fixture
def values(study):
    return np.random.default_rng(0).random(study.grid.shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "similarity"


def test_map_is_valid_and_others_read_its_values_and_place(study, values, folder):
    write_map(values, study.grid, study.headers, INFO, folder)
    assert [error for path in folder.iterdir() for error in dciodvfy_errors(path)] == []
    image = read_by_itk(folder)
    assert Grid.of(image).matches(study.grid)
    assert np.abs(to_array(image) / 1000 - values).max() <= 0.000501
    assert np.abs(read_by_highdicom(folder, study.grid) - values).max() <= 0.000501


def test_map_of_the_real_study_is_valid(real_dicom, folder):
    study = load_study(real_dicom)
    write_map(np.full(study.grid.shape, 0.25), study.grid, study.headers, INFO, folder)
    assert dciodvfy_errors(folder / "0001.dcm") == []


def test_images_belong_to_the_study_and_refer_to_their_slices(study, values, folder):
    write_map(values, study.grid, study.headers, INFO, folder)
    for index, path in enumerate(sorted(folder.iterdir())):
        image, source = dcmread(path), study.headers[Modality.T2W][index]
        assert image.StudyInstanceUID == source.StudyInstanceUID
        assert image.FrameOfReferenceUID == source.FrameOfReferenceUID
        assert image.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert image.RealWorldValueMappingSequence[0].RealWorldValueSlope == 0.001
        assert "weights=sha256:abab" in image.DerivationDescription


def test_map_of_an_enhanced_study_refers_to_frames(study_folder, values, folder):
    enhance(study_folder / "t2w", ("ORIGINAL", "PRIMARY", "T2", "NONE"))
    study = load_study(study_folder)
    write_map(values, study.grid, study.headers, INFO, folder)
    numbers = [dcmread(path).SourceImageSequence[0].ReferencedFrameNumber for path in sorted(folder.iterdir())]
    assert numbers == list(range(10, 0, -1))


def test_map_beside_the_study_does_not_change_what_is_read(study_folder, study, values):
    write_map(values, study.grid, study.headers, INFO, study_folder / "similarity")
    kinds = [one.kind.value for one in series_volumes(scan_folder(study_folder))]
    assert kinds == ["T2W", "ADC", "HBV", "other"]


@pytest.mark.parametrize("worst", [-0.1, 1.2, np.nan])
def test_values_outside_0_to_1_are_refused(study, values, folder, worst):
    values[0, 0, 0] = worst
    with pytest.raises(InputError, match="outside 0 to 1"):
        write_map(values, study.grid, study.headers, INFO, folder)
    assert not folder.exists()


def test_another_grid_is_refused(study, values, folder):
    moved = replace(study.grid, origin=(0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="another grid"):
        write_map(values, moved, study.headers, INFO, folder)


def test_failed_self_check_leaves_no_series(study, values, folder, monkeypatch):
    monkeypatch.setattr(map_series, "_reads_back", lambda *_: False)
    with pytest.raises(InputError, match="did not read back"):
        write_map(values, study.grid, study.headers, INFO, folder)
    assert list(folder.parent.glob("*similarity*")) == []


def test_an_earlier_series_is_not_replaced(study, values, folder):
    write_map(values, study.grid, study.headers, INFO, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="there already"):
        write_map(1 - values, study.grid, study.headers, INFO, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
