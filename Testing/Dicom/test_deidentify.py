"""De-identified exports name nobody; others keep what the source says."""

import pytest
from pydicom import Dataset, dcmread

from Dicom.making import INFO, change, dciodvfy_errors, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import deidentified, load_study, write_map, write_segmentation
from ProstateAlignRefineLib.dicom.write.source_headers import source_header

PATIENT = ("PatientName", "PatientID", "AccessionNumber", "StudyID", "StudyDescription", "SeriesDescription")


@pytest.fixture
def named(study_folder):
    def name(dataset):
        for keyword in PATIENT:
            setattr(dataset, keyword, "SENTINEL")
        dataset.PatientBirthDate, dataset.StudyDate = "19510203", "20110707"

    change(study_folder, name)
    return load_study(study_folder)


def test_objects_written_with_deidentified_headers_name_nobody(named, tmp_path):
    headers = deidentified(named.headers, "CASE-17")
    write_segmentation(two_lesions(named.grid), named.grid, headers, INFO, tmp_path / "seg.dcm")
    write_map(two_lesions(named.grid) > 0, named.grid, headers, INFO, tmp_path / "map")
    for path in (tmp_path / "seg.dcm", tmp_path / "map" / "0001.dcm"):
        content = path.read_bytes()
        assert not [secret for secret in (b"SENTINEL", b"19510203", b"20110707") if secret in content]
        stored = dcmread(path)
        assert (stored.PatientID, stored.PatientIdentityRemoved) == ("CASE-17", "YES")
        assert stored.StudyInstanceUID == named.headers[Modality.T2W][0].StudyInstanceUID
        assert "UIDs and creation dates kept" in stored.DeidentificationMethod
        assert dciodvfy_errors(path) == []


def test_without_the_option_the_patient_stays(named, tmp_path):
    write_segmentation(two_lesions(named.grid), named.grid, named.headers, INFO, tmp_path / "seg.dcm")
    stored = dcmread(tmp_path / "seg.dcm")
    assert (stored.PatientID, stored.PatientBirthDate) == ("SENTINEL", "19510203")
    assert "PatientIdentityRemoved" not in stored


def test_the_source_headers_are_not_changed(named):
    deidentified(named.headers, "CASE-17")
    assert named.headers[Modality.T2W][0].PatientID == "SENTINEL"


def test_source_that_was_deidentified_before_keeps_its_flags(real_dicom, tmp_path):
    study = load_study(real_dicom)
    source = study.headers[Modality.T2W][0]
    assert source.PatientIdentityRemoved == "YES"
    for headers in (study.headers, deidentified(study.headers, "CASE-17")):
        write_segmentation(two_lesions(study.grid), study.grid, headers, INFO, tmp_path / "seg.dcm")
        stored = dcmread(tmp_path / "seg.dcm")
        assert stored.PatientIdentityRemoved == "YES"
        earlier = list(source.DeidentificationMethod)
        assert list(stored.DeidentificationMethod)[: len(earlier)] == earlier


@pytest.mark.parametrize("pseudonym", ["", "Müller", "A^B", "x" * 65])
def test_unusable_pseudonym_is_refused(study, pseudonym):
    with pytest.raises(InputError, match="pseudonym"):
        deidentified(study.headers, pseudonym)


def test_no_private_element_of_a_code_reaches_a_result(named):
    header, code = named.headers[Modality.T2W][0], Dataset()
    code.CodeValue = "113100"
    code.private_block(0x0011, "VENDOR", create=True).add_new(1, "LO", "SENTINEL")
    header.DeidentificationMethodCodeSequence = [code]
    (kept,) = source_header(header).DeidentificationMethodCodeSequence
    assert [element.keyword for element in kept] == ["CodeValue"]
