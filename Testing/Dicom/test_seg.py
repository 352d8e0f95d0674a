"""Segmentation objects: valid, read identically by independent readers, never on another grid, never half-written."""

import logging
from dataclasses import replace
from zipfile import ZipFile

import highdicom as hd
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from Dicom.making import INFO, LESIONS, change, dciodvfy_errors, read_by_dcmqi, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import (
    load_headers,
    load_study,
    save_headers,
    write_map,
    write_measurements,
    write_segmentation,
)
from ProstateAlignRefineLib.dicom.write import seg

PRIVATE = "SENTINEL"
TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)


def many(grid: Grid, count: int):
    labels = np.zeros(grid.shape, np.uint8)
    for number in range(count):
        z, place = number % grid.shape[0], number // grid.shape[0]
        labels[z, 10 + 8 * place : 15 + 8 * place, 5 + number % 7 : 12 + number % 7] = number + 1
    return labels


def test_real_study_round_trips_through_validator_and_dcmqi(real_dicom, path, tmp_path):
    study = load_study(real_dicom)
    labels = two_lesions(study.grid)
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert dciodvfy_errors(path) == []
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)


@pytest.mark.parametrize("count", [1, 30])
def test_one_and_thirty_lesions_read_back_identically(study, path, tmp_path, count):
    labels = many(study.grid, count)
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert dciodvfy_errors(path) == []
    assert np.array_equal(read_by_dcmqi(path, tmp_path / "dcmqi", study.grid), labels)
    assert len(dcmread(path).SegmentSequence) == count


def test_segmentation_refers_to_the_t2w_alone_since_a_viewer_takes_any_of_several(study, labels, path):
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    referenced = {
        instance.ReferencedSOPInstanceUID
        for series in dcmread(path).ReferencedSeriesSequence
        for instance in series.ReferencedInstanceSequence
    }
    assert referenced == {header.SOPInstanceUID for header in study.headers[Modality.T2W]}


def test_segments_say_what_they_are_and_how_they_came_about(study, labels, path):
    write_segmentation(labels, study.grid, study.headers, replace(INFO, colours=((230, 75, 60), (0, 0, 255))), path)
    stored = dcmread(path)
    first = stored.SegmentSequence[0]
    algorithm = first.SegmentationAlgorithmIdentificationSequence[0]
    assert stored.SegmentationType == "BINARY"  # viewers fail on FRACTIONAL, some on LABELMAP
    assert stored.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian  # and on JPEG-LS
    assert first.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "52988006"
    assert first.AnatomicRegionSequence[0].CodeValue == "41216001"
    assert first.SegmentAlgorithmType == "AUTOMATIC"
    assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
    assert algorithm.AlgorithmVersion == "1.2.3"
    expected = "tau=0.35,alpha=0.25,prompt_id=prostate lesion,weights=sha256:abababababababab,edited=0"
    assert algorithm.AlgorithmParameters == expected
    assert [item.TrackingID for item in stored.SegmentSequence] == ["ProstateAlignRefine-L1", "ProstateAlignRefine-L2"]
    assert not [element for element in stored if element.tag.is_private]


def test_edited_result_is_semiautomatic_and_a_typed_prompt_is_only_a_digest(study, labels, path):
    info = replace(INFO, prompt=f"lesion of {PRIVATE}", edited=True)
    write_segmentation(labels, study.grid, study.headers, info, path)
    first = dcmread(path).SegmentSequence[0]
    parameters = first.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
    assert first.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert "prompt_id=sha256:" in parameters
    assert parameters.endswith("edited=1")
    assert PRIVATE.encode() not in path.read_bytes()


def test_tracking_identity_follows_the_lesion_and_can_be_kept(study, labels, path):
    def identities(masks, info=INFO):
        write_segmentation(masks, study.grid, study.headers, info, path)
        return [str(segment.TrackingUID) for segment in dcmread(path).SegmentSequence]

    first = identities(labels)
    assert identities(labels) == first
    assert identities((labels == 2).astype(np.uint8)) == first[1:]
    kept = ("2.25.1", "2.25.2")
    assert identities(labels, replace(INFO, tracking_uids=kept)) == list(kept)
    with pytest.raises(InputError, match="tracking identifiers"):
        identities(labels, replace(INFO, tracking_uids=("2.25.1",)))


def test_signed_masks_and_overlapping_masks_are_kept(study, labels, path):
    write_segmentation(labels.astype(np.int16), study.grid, study.headers, INFO, path)
    masks = np.stack([labels > 0, labels == 2], axis=-1)
    write_segmentation(masks, study.grid, study.headers, INFO, path)
    assert np.array_equal(seg.read_segmentation(path, study.grid), masks)
    assert dciodvfy_errors(path) == []


def test_one_empty_segment_among_others_is_kept(study, labels, path):
    masks = np.stack([labels == 1, np.zeros_like(labels), labels == 2], axis=-1).astype(np.uint8)
    write_segmentation(masks, study.grid, study.headers, INFO, path)
    assert np.array_equal(seg.read_segmentation(path, study.grid), masks.astype(bool))


def test_empty_result_is_refused_politely(study, path):
    with pytest.raises(InputError, match="no lesion to export"):
        write_segmentation(np.zeros(study.grid.shape, np.uint8), study.grid, study.headers, INFO, path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ("L" * 65, "b")}, "65 characters"),
        ({"labels": ("前列腺", "b")}, "plain English letters"),
        ({"labels": ("a\\b", "b")}, "plain English letters"),
        ({"labels": ("only one",)}, "2 lesions, but 1 labels"),
        ({"version": "1.0-α"}, "plain English letters"),
    ],
)
def test_text_that_dicom_cannot_carry_is_refused(study, labels, path, changes, words):
    with pytest.raises(InputError, match=words):
        write_segmentation(labels, study.grid, study.headers, replace(INFO, **changes), path)
    assert not path.exists()


def test_long_prompt_is_harmless(study, labels, path):
    write_segmentation(labels, study.grid, study.headers, replace(INFO, prompt="x" * 11059), path)
    assert dciodvfy_errors(path) == []


def test_missing_type_2_attributes_are_written_empty(study, labels, path, tmp_path):
    for headers in study.headers.values():
        for header in headers:
            for keyword in (*TYPE_2, "SliceThickness"):
                header.pop(keyword, None)
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    write_measurements(LESIONS, path, study.headers, INFO, tmp_path / "sr.dcm")
    write_map(labels / 2, study.grid, study.headers, INFO, tmp_path / "map")
    for written in (path, tmp_path / "sr.dcm", tmp_path / "map" / "0001.dcm"):
        assert dciodvfy_errors(written) == []
        assert {dcmread(written).get(keyword) or "" for keyword in TYPE_2} == {""}


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 192", "王^小东"),
        ("GB18030", "王^小东"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("", "Doe^Jane"),
    ],
)
def test_name_in_the_sources_character_set_stays_readable(study_folder, labels, tmp_path, character_set, name):
    path = tmp_path / "lesions.seg.dcm"

    def rename(dataset):
        dataset.SpecificCharacterSet, dataset.PatientName = character_set, name

    change(study_folder, rename)
    study = load_study(study_folder)
    save_headers(study.headers, tmp_path / "headers")
    headers = load_headers(tmp_path / "headers")
    write_segmentation(labels, study.grid, headers, INFO, path)
    write_measurements(LESIONS, path, headers, INFO, tmp_path / "sr.dcm")
    write_map(labels / 2, study.grid, headers, INFO, tmp_path / "map")
    for written in (path, tmp_path / "sr.dcm", tmp_path / "map" / "0001.dcm"):
        assert str(dcmread(written).PatientName) == name
        assert dciodvfy_errors(written) == []


def test_a_chinese_name_loses_its_escape_sequences_alone(study_folder, labels, tmp_path):
    """The example of PS3.5 Annex K.2, which pydicom does not write."""
    name = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"
    placeholder = "N" * len(name)

    def rename(dataset):
        dataset.SpecificCharacterSet, dataset.PatientName = ["", "ISO 2022 IR 58"], placeholder

    change(study_folder, rename)
    for file in study_folder.rglob("*.dcm"):
        file.write_bytes(file.read_bytes().replace(placeholder.encode(), name))
    study = load_study(study_folder)
    save_headers(study.headers, tmp_path / "headers")
    for headers in (study.headers, load_headers(tmp_path / "headers")):
        write_segmentation(labels, study.grid, headers, INFO, tmp_path / "lesions.seg.dcm")
        assert str(dcmread(tmp_path / "lesions.seg.dcm").PatientName) == "Zhang^XiaoDong=张^小东"
        assert dciodvfy_errors(tmp_path / "lesions.seg.dcm") == []


def test_missing_frame_of_reference_is_refused(study, labels, path):
    for header in study.headers[Modality.T2W]:
        del header.FrameOfReferenceUID
    with pytest.raises(InputError, match="no frame of reference"):
        write_segmentation(labels, study.grid, study.headers, INFO, path)


def test_only_the_allowed_patient_attributes_reach_the_file(study, labels, path, caplog, recwarn):
    forbidden = ("PhysiciansOfRecord", "AdmissionID", "AdditionalPatientHistory", "PatientComments")
    places = ("InstitutionName", "InstitutionAddress", "StationName", "DeviceSerialNumber", "ReferringPhysicianName")
    for headers in study.headers.values():
        for header in headers:
            for keyword in (*forbidden, *places, "IssuerOfPatientID", "OperatorsName", "ImageComments"):
                setattr(header, keyword, f"{PRIVATE}^{keyword[:8]}")
            header.PatientName = "ALLOWEDNAME"
            header.private_block(0x0099, "MAKER", create=True).add_new(1, "LO", PRIVATE)
    with caplog.at_level(logging.DEBUG):
        write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert PRIVATE.encode() not in path.read_bytes()
    assert b"ALLOWEDNAME" in path.read_bytes()
    assert "ALLOWEDNAME" not in caplog.text
    assert not [warning for warning in recwarn if "ALLOWEDNAME" in str(warning.message)]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientSex", "MALE"),
        ("PatientBirthDate", "195102"),
        ("StudyDate", "2011-07-07"),
        ("StudyTime", "11:53"),
        ("SpacingBetweenSlices", "9"),
        ("SeriesNumber", "-5000"),
        ("SeriesNumber", "2147483643"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_values_that_archives_get_wrong_do_not_stop_the_export(study, labels, path, keyword, value):
    for header in study.headers[Modality.T2W]:
        setattr(header, keyword, value)
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert dciodvfy_errors(path) == []
    assert np.array_equal(seg.read_segmentation(path, study.grid), seg.as_masks(labels))


def test_headers_of_the_caller_are_not_changed(study, labels, path):
    before = [header.to_json() for header in study.headers[Modality.T2W]]
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert [header.to_json() for header in study.headers[Modality.T2W]] == before


def test_library_failure_quotes_nothing_of_the_patient(study, labels, path, monkeypatch):
    def fail(*_, **__):
        raise ValueError(PRIVATE)

    monkeypatch.setattr(hd.seg, "Segmentation", fail)
    with pytest.raises(InputError) as refused:
        write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert PRIVATE not in str(refused.value)
    assert refused.value.__cause__ is None


def test_failed_self_check_keeps_the_old_file_and_leaves_no_other(study, labels, path, monkeypatch):
    path.write_bytes(b"the earlier file")
    monkeypatch.setattr(seg, "read_segmentation", lambda *_: np.zeros((*study.grid.shape, 2), bool))
    with pytest.raises(InputError, match="did not read back"):
        write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert path.read_bytes() == b"the earlier file"
    assert [item.name for item in path.parent.iterdir() if item.is_file()] == [path.name]


def test_stored_headers_suffice_to_write_the_same_segmentation(study, labels, path, tmp_path):
    save_headers(study.headers, tmp_path / "headers")
    restored = load_headers(tmp_path / "headers")
    assert [item.name for item in (tmp_path / "headers").iterdir()] == ["headers.zip"]
    write_segmentation(labels, study.grid, restored, INFO, path)
    assert dciodvfy_errors(path) == []
    assert np.array_equal(seg.read_segmentation(path, study.grid), seg.as_masks(labels))


def test_stored_headers_hold_no_pixels_no_private_data_and_no_staff(study, tmp_path):
    header: Dataset = study.headers[Modality.T2W][0]
    header.OperatorsName = PRIVATE
    save_headers(study.headers, tmp_path / "headers")
    with ZipFile(tmp_path / "headers" / "headers.zip") as archive:
        first = archive.read("t2w-0001.dcm")
    assert PRIVATE.encode() not in first
    assert len(first) < 4000


def test_stored_headers_of_versions_that_wrote_a_file_a_slice_are_read(study, tmp_path):
    save_headers(study.headers, tmp_path / "headers")
    with ZipFile(tmp_path / "headers" / "headers.zip") as archive:
        archive.extractall(tmp_path / "earlier")
    new, old = load_headers(tmp_path / "headers"), load_headers(tmp_path / "earlier")
    assert {modality: len(slices) for modality, slices in old.items()} == dict.fromkeys(Modality, 10)
    for modality in Modality:
        assert list(old[modality]) == list(new[modality])
    (tmp_path / "earlier" / "t2w-0001.dcm").write_bytes(b"damaged")
    with pytest.raises(InputError, match="stored DICOM headers are damaged"):
        load_headers(tmp_path / "earlier")


@pytest.mark.parametrize("at", [0.0, 0.3, 0.6, 0.999])
def test_damaged_stored_headers_are_refused(study, tmp_path, at):
    save_headers(study.headers, tmp_path / "headers")
    archive = tmp_path / "headers" / "headers.zip"
    content = bytearray(archive.read_bytes())
    place = int(at * len(content))
    content[place : place + 40] = b"damaged " * 5
    archive.write_bytes(content[: len(content) if at < 0.9 else -20])
    with pytest.raises(InputError, match="stored DICOM headers are damaged"):
        load_headers(tmp_path / "headers")


def test_highdicom_reads_what_was_written(study, labels, path):
    write_segmentation(labels, study.grid, study.headers, INFO, path)
    assert hd.seg.segread(path).segmentation_type == hd.seg.SegmentationTypeValues.BINARY
