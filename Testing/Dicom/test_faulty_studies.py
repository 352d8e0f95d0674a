"""Studies with one fault each, as archives and de-identifiers make them: read on with a caution, or named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian, generate_uid

from Dicom.making import INFO, LESIONS, change, two_lesions
from Dicom.making import small_study as plain_study
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import (
    load_headers,
    load_study,
    save_headers,
    write_measurements,
    write_segmentation,
    write_study,
)
from ProstateAlignRefineLib.dicom.match.survey import as_text, survey
from ProstateAlignRefineLib.dicom.read.folder import scan_folder


def codes(study: Study) -> list[str]:
    return [caution.code for caution in study.cautions]


def text_of(study: Study, code: str) -> str:
    return next(caution.text for caution in study.cautions if caution.code == code)


def refusal(folder: Path, **options) -> str:
    with pytest.raises(InputError) as refused:
        load_study(folder, **options)
    assert "Synthetic" not in str(refused.value)
    assert str(folder) not in str(refused.value)
    return str(refused.value)


def patch(path: Path, keyword: str, placeholder: str, damaged: bytes) -> None:
    """A value that no writer lets through, of the placeholder's length."""
    dataset = dcmread(path)
    setattr(dataset, keyword, placeholder)
    dataset.save_as(path)
    whole = path.read_bytes()
    assert whole.count(placeholder.encode()) == 1
    path.write_bytes(whole.replace(placeholder.encode(), damaged.ljust(len(placeholder))))


def own_frames(folder: Path) -> None:
    for name in ("t2w", "adc", "hbv"):
        uid = generate_uid()
        change(folder / name, lambda dataset, uid=uid: setattr(dataset, "FrameOfReferenceUID", uid))


@pytest.mark.fault("every series has a frame of reference of its own", "read on, with a caution; DICOM in the T2W's")
def test_own_frames_of_reference_are_read_with_a_caution_and_exported_right(study_folder, path):
    own_frames(study_folder)
    study = load_study(study_folder)
    assert codes(study) == ["frame-of-reference-differs"] * 2
    assert "caution: The ADC series 2" in as_text(survey(study_folder))
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, path)
    ours = str(study.headers[Modality.T2W][0].FrameOfReferenceUID)
    assert str(dcmread(path).FrameOfReferenceUID) == ours


def test_diffusion_without_frame_of_reference_is_read_too(study_folder, tmp_path, path):
    change(study_folder / "adc", lambda dataset: delattr(dataset, "FrameOfReferenceUID"))
    study = load_study(study_folder)
    assert codes(study) == ["frame-of-reference-differs"]
    save_headers(study.headers, tmp_path / "kept")
    write_segmentation(two_lesions(study.grid), study.grid, load_headers(tmp_path / "kept"), INFO, path)


@pytest.mark.fault("another frame of reference and another place", "refused; --trust-positions reads on")
def test_another_place_in_another_frame_needs_the_users_word(study_folder):
    def away(dataset: Dataset) -> None:
        x, y, z = dataset.ImagePositionPatient
        dataset.FrameOfReferenceUID, dataset.ImagePositionPatient = "1.2.3", [x + 30, y, z]

    for name in ("adc", "hbv"):
        change(study_folder / name, away)
    assert "trust the positions (--trust-positions)" in refusal(study_folder)
    assert "as the user asked" in load_study(study_folder, trust_positions=True).cautions[0].text


@pytest.mark.fault("every series has a study UID of its own", "refused; --trust-positions reads on")
def test_series_of_different_studies_need_the_users_word(study_folder):
    own_frames(study_folder)
    for name in ("t2w", "adc", "hbv"):
        uid = generate_uid()
        change(study_folder / name, lambda dataset, uid=uid: setattr(dataset, "StudyInstanceUID", uid))
    assert "holds 3 studies" in refusal(study_folder)
    study = load_study(study_folder, trust_positions=True)
    assert "frame-of-reference-differs" in codes(study)


def test_t2w_without_frame_of_reference_is_read_on_the_users_word_without_dicom(study_folder):
    change(study_folder, lambda dataset: delattr(dataset, "FrameOfReferenceUID"))
    assert "has no frame of reference" in refusal(study_folder)
    study = load_study(study_folder, trust_positions=True)
    assert "no-dicom-export" in codes(study)
    assert not study.headers


@pytest.mark.fault("damaged header values that results can do without", "left out, with a caution; results are written")
@pytest.mark.parametrize(
    "damage",
    [
        ("SliceThickness", "7.77777", b"abc"),
        ("SpacingBetweenSlices", "7.77777", b"1\\2x"),
        ("EchoTime", "7.77777", b"--"),
        ("RepetitionTime", "7.77777", b"?"),
        ("SeriesNumber", "7777777", b"one"),
        ("InstanceNumber", "7777777", b"1.5"),
        ("SpecificCharacterSet", "ISO_IR 101", b"ISO_IR 999"),
        ("PatientName", "Placeholder", b"\xff\xfe^\x81"),
        ("StudyDate", "20200101", b"2020-1-x"),
        ("SliceThickness", "7.77777", b"nan"),
        ("SliceThickness", "7.77777", b"-3"),
    ],
)
@pytest.mark.parametrize("name", ["t2w", "hbv"])
def test_damaged_values_never_throw_a_result_away(study_folder, tmp_path, damage, name):
    patch(study_folder / name / "0001.dcm", *damage)
    study = load_study(study_folder)
    assert "no-dicom-export" not in codes(study)
    save_headers(study.headers, tmp_path / "kept")
    headers = load_headers(tmp_path / "kept")
    write_segmentation(two_lesions(study.grid), study.grid, headers, INFO, tmp_path / "lesions.seg.dcm")
    write_measurements(LESIONS, tmp_path / "lesions.seg.dcm", headers, INFO, tmp_path / "m.sr.dcm")


def test_a_wrong_value_representation_is_left_out(study_folder, path):
    file = study_folder / "t2w" / "0001.dcm"
    whole = file.read_bytes()
    assert whole.count(b"\x18\x00\x50\x00DS") == 1
    file.write_bytes(whole.replace(b"\x18\x00\x50\x00DS", b"\x18\x00\x50\x00FD"))
    study = load_study(study_folder)
    assert "SliceThickness of 1 images" in text_of(study, "header-values-damaged")
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, path)


@pytest.mark.fault("slices without geometry", "the series, how many, and their counted file names")
def test_slices_without_geometry_are_named_not_called_a_missing_series(study_folder):
    change(study_folder / "adc", lambda dataset: delattr(dataset, "ImagePositionPatient"))
    said = refusal(study_folder)
    assert "10 files of series 2 (0001.dcm, 0002.dcm, 0003.dcm and others) with missing or damaged geometry" in said


def test_a_damaged_slice_at_the_end_gives_a_caution_without_a_patients_name(study_folder):
    last = study_folder / "t2w" / "0010.dcm"
    change(last.parent, lambda dataset: delattr(dataset, "PixelSpacing"), last.name)
    last.rename(last.with_name("Miller_John_4711.dcm"))
    said = text_of(load_study(study_folder), "files-passed-over")
    assert "1 file of series 1 with missing or damaged geometry" in said
    assert "Miller" not in said


def test_a_slice_that_is_cut_off_is_named(study_folder):
    last = study_folder / "hbv" / "0010.dcm"
    last.write_bytes(last.read_bytes()[:390])
    assert "1 file (0010.dcm) with a header that is cut off" in text_of(load_study(study_folder), "files-passed-over")


@pytest.mark.fault("ADC and HBV set the wrong way round", "said, with both series")
def test_swapped_adc_and_hbv_are_said(study_folder):
    said = refusal(study_folder, choices={Modality.ADC: 3, Modality.HBV: 2})
    assert said.startswith("ADC and HBV are swapped: series 3")


def test_leftovers_of_other_systems_are_not_counted(study_folder):
    for name in (".DS_Store", "._0001.dcm"):
        (study_folder / "t2w" / name).write_bytes(b"\x00\x05\x16\x07 not DICOM")
    assert scan_folder(study_folder).skipped == {}


@pytest.mark.fault(
    "a series behind a link, a link in a circle, a link to nothing", "read once; the dangling one is named"
)
def test_linked_series_are_read_once(study_folder, tmp_path):
    shutil.move(study_folder / "adc", tmp_path / "elsewhere")
    (study_folder / "adc").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (study_folder / "t2w" / "circle").symlink_to(study_folder, target_is_directory=True)
    (study_folder / "hbv" / "0011.dcm").symlink_to(tmp_path / "absent")
    study = load_study(study_folder)
    assert codes(study) == ["files-passed-over"]
    assert "1 file (0011.dcm) with a link to a file that is not there" in study.cautions[0].text


@pytest.mark.parametrize("implicit", [False, True])
def test_files_without_preamble_are_read(study_folder, implicit):
    whole = load_study(study_folder)
    for path in (study_folder / "t2w").glob("*.dcm"):
        dataset = dcmread(path)
        if implicit:
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
            dataset.save_as(path, implicit_vr=True, little_endian=True)
        content = path.read_bytes()
        start = 144 + dcmread(path).file_meta.FileMetaInformationGroupLength
        path.write_bytes(content[start:] if implicit else content[132:])
    study = load_study(study_folder)
    assert study.cautions == ()
    assert np.array_equal(sitk.GetArrayViewFromImage(study.t2w), sitk.GetArrayViewFromImage(whole.t2w))


@pytest.mark.fault("a slice without Patient ID", "taken as of its study's patient, with a caution")
def test_one_slice_without_patient_id_is_of_the_same_patient(study_folder, path):
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "PatientID", ""), "0001.dcm")
    study = load_study(study_folder)
    assert codes(study) == ["patient-id-missing"]
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, path)
    assert dcmread(path).PatientID == "PHANTOM-1"


@pytest.mark.fault("one SOP Instance UID for all images", "said; nothing is guessed")
def test_one_sop_uid_for_all_is_named(study_folder):
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "SOPInstanceUID", "1.2.3"))
    assert "9 files of series 1 (0002.dcm, 0003.dcm, 0004.dcm and others) with the SOP Instance UID of" in refusal(
        study_folder
    )


def test_a_plain_study_has_no_caution(tmp_path):
    write_study(plain_study(), tmp_path)
    assert load_study(tmp_path).cautions == ()
