"""Results of image files: tied to the original series if it is the same, or put into a marked research study."""

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from Dicom.making import INFO, dciodvfy_errors, read_by_dcmqi, read_by_highdicom, read_by_itk, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.dicom import link_to_dicom, load_study, write_research_study, write_segmentation


@pytest.fixture
def files(study: Study, tmp_path) -> Study:
    """The volumes of the DICOM study as image files hold them: whole numbers, no headers."""
    folder = tmp_path / "files"
    folder.mkdir()
    for modality in Modality:
        sitk.WriteImage(sitk.Round(study.volume(modality)), str(folder / f"a_{modality.value}.mha"))
    return read_study_files(find_study_files(folder))


def test_image_files_of_the_real_study_are_linked_to_their_series(real_study, real_dicom, tmp_path):
    files = read_study_files(find_study_files(real_study / "picai" / "images"))
    headers = link_to_dicom(files.t2w, real_dicom)
    assert {modality: slices[0].SeriesNumber for modality, slices in headers.items()} == {
        Modality.T2W: 4,
        Modality.ADC: 7,
        Modality.HBV: 8,
    }
    labels = two_lesions(files.grid)
    write_segmentation(labels, files.grid, headers, INFO, tmp_path / "seg.dcm")
    assert dciodvfy_errors(tmp_path / "seg.dcm") == []
    assert np.array_equal(read_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi", files.grid), labels)


def test_one_changed_voxel_is_not_linked(files, study_folder):
    assert link_to_dicom(files.t2w, study_folder)
    changed = sitk.Image(files.t2w)
    changed[5, 5, 5] = changed[5, 5, 5] + 1
    with pytest.raises(InputError, match="No series of the DICOM folder"):
        link_to_dicom(changed, study_folder)


def test_moved_volume_is_not_linked(files, study_folder):
    moved = sitk.Image(files.t2w)
    moved.SetOrigin(tuple(np.add(moved.GetOrigin(), (0, 0, 0.01)).tolist()))
    with pytest.raises(InputError, match="No series of the DICOM folder"):
        link_to_dicom(moved, study_folder)


def test_study_without_diffusion_series_is_linked_by_its_t2w_alone(study_folder, study):
    for name in ("adc", "hbv"):
        for path in (study_folder / name).iterdir():
            path.unlink()
    assert list(link_to_dicom(study.t2w, study_folder)) == [Modality.T2W]


def test_research_study_is_valid_marked_and_keeps_every_voxel(files, tmp_path):
    headers = write_research_study(files, tmp_path / "research")
    for modality in Modality:
        path = tmp_path / "research" / modality.value / "0005.dcm"
        assert dciodvfy_errors(path) == []
        image = dcmread(path)
        assert str(image.PatientID).startswith("RESEARCH-")
        assert image.ImageType[:2] == ["DERIVED", "SECONDARY"]
        assert image.StudyDate == ""
        assert image.EchoTime is None
        assert "SyntheticData" not in image
        assert "patient context unknown" in image.DerivationDescription
        assert len(headers[modality]) == 10
    again = load_study(tmp_path / "research")
    for modality in Modality:
        assert np.array_equal(to_array(again.volume(modality)), to_array(files.volume(modality)))
        assert Grid.of(again.volume(modality)).matches(Grid.of(files.volume(modality)))


def test_others_read_every_voxel_of_a_research_study(files, tmp_path):
    write_research_study(files, tmp_path / "research")
    for modality in Modality:
        folder, original = tmp_path / "research" / modality.value, files.volume(modality)
        image = read_by_itk(folder)
        assert Grid.of(image).matches(Grid.of(original))
        assert np.array_equal(to_array(image), to_array(original))
        assert np.array_equal(read_by_highdicom(folder, Grid.of(original)), to_array(original))


def test_segmentation_in_a_research_study_is_valid_and_identical(files, tmp_path):
    headers = write_research_study(files, tmp_path / "research")
    labels = two_lesions(files.grid)
    write_segmentation(labels, files.grid, headers, INFO, tmp_path / "seg.dcm")
    assert dciodvfy_errors(tmp_path / "seg.dcm") == []
    assert np.array_equal(read_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi", files.grid), labels)


def test_same_volumes_make_the_same_research_study(study, tmp_path):
    one, other = (write_research_study(study, tmp_path / name) for name in ("a", "b"))
    assert one[Modality.T2W][0].StudyInstanceUID == other[Modality.T2W][0].StudyInstanceUID
    changed = write_research_study(Study(study.t2w + 1, study.adc, study.hbv), tmp_path / "c")
    assert changed[Modality.T2W][0].StudyInstanceUID != one[Modality.T2W][0].StudyInstanceUID
