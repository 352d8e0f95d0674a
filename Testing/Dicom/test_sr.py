"""Structured reports: valid, the segmentation's identities, the lesions' numbers, nothing claimed beyond them."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from Dicom.making import INFO, LESIONS, dciodvfy_errors, tool, two_lesions
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.dicom import load_study, write_measurements, write_segmentation
from ProstateAlignRefineLib.dicom.write import sr


@pytest.fixture
def segmentation(study: Study, tmp_path: Path) -> Path:
    path = tmp_path / "lesions.seg.dcm"
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, path)
    return path


@pytest.fixture
def report(study: Study, segmentation: Path, tmp_path: Path) -> Path:
    write_measurements(LESIONS, segmentation, study.headers, INFO, tmp_path / "measurements.sr.dcm")
    return tmp_path / "measurements.sr.dcm"


def test_report_is_valid(report):
    assert dciodvfy_errors(report) == []


def test_report_of_the_real_study_is_valid(real_dicom, tmp_path):
    study = load_study(real_dicom)
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, tmp_path / "seg.dcm")
    write_measurements(LESIONS, tmp_path / "seg.dcm", study.headers, INFO, tmp_path / "sr.dcm")
    assert dciodvfy_errors(tmp_path / "sr.dcm") == []


def test_numbers_stand_under_the_tracking_identity_of_the_segment(report, segmentation):
    first, second = (str(segment.TrackingUID) for segment in dcmread(segmentation).SegmentSequence)
    assert sr.read_measurements(report) == {
        first: {
            "Volume": 0.311,
            "Maximum 3D Diameter of a Mesh": 14.2,
            "Long Axis": 12.4,
            "Short Axis": 8.1,
            "Apparent Diffusion Coefficient": 812,
        },
        second: {"Volume": 1.2, "Maximum 3D Diameter of a Mesh": 21.0, "Long Axis": 20.0, "Short Axis": 11.0},
    }


@pytest.mark.parametrize("slices", [1, 2])
def test_report_of_a_single_lesion_on_few_slices_refers_to_its_images(study, tmp_path, slices):
    # What all frames share, an only segment's number for one, lies elsewhere in the segmentation.
    lesion = two_lesions(study.grid) * 0
    lesion[3 : 3 + slices, 30:36, 40:48] = 1
    write_segmentation(lesion, study.grid, study.headers, INFO, tmp_path / "seg.dcm")
    write_measurements(LESIONS[:1], tmp_path / "seg.dcm", study.headers, INFO, tmp_path / "sr.dcm")
    assert dciodvfy_errors(tmp_path / "sr.dcm") == []
    (group,) = hd.sr.srread(tmp_path / "sr.dcm").content.get_volumetric_roi_measurement_groups()
    segment = group.referenced_segment
    assert segment.referenced_segment_numbers == [1]
    sources = {image.referenced_sop_instance_uid for image in segment.source_images_for_segmentation}
    t2w = [header.SOPInstanceUID for header in study.headers[Modality.T2W]]
    assert sources & set(t2w) == set(t2w[3 : 3 + slices])


def test_report_is_unsigned_and_makes_no_claim_of_cancer_or_pirads(report):
    stored = dcmread(report)
    assert (stored.CompletionFlag, stored.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    text = stored.to_json()
    assert "52988006" in text
    for claim in ("108369006", "254900004", "130560", "111047", "RID50296"):
        assert claim not in text


def test_dcmqi_reads_the_report(report, tmp_path):
    target = tmp_path / "report.json"
    subprocess.run([tool("tid1500reader"), "--inputDICOM", report, "--outputMetadata", target], check=True)
    groups = json.loads(target.read_text())["Measurements"]
    assert [len(group["measurementItems"]) for group in groups] == [5, 4]
    assert groups[0]["TrackingIdentifier"] == "ProstateAlignRefine-L1"


def test_report_refers_to_the_segmentation_and_all_images(report, segmentation, study):
    evidence = dcmread(report).CurrentRequestedProcedureEvidenceSequence
    referenced = {
        image.ReferencedSOPInstanceUID
        for item in evidence
        for series in item.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    }
    assert dcmread(segmentation).SOPInstanceUID in referenced


def test_side_and_zone_are_coded_only_where_they_come_from_the_gland(report):
    groups = hd.sr.srread(report).content.get_volumetric_roi_measurement_groups()
    (first,), (second,) = (group.finding_sites for group in groups)
    assert (first.value.value, first.laterality.value) == ("279706003", "24028007")
    assert (second.value.value, second.laterality) == ("41216001", None)


def test_lesions_of_another_segmentation_are_refused(study, segmentation, tmp_path):
    with pytest.raises(InputError, match="1 lesions, but 2 segments"):
        write_measurements(LESIONS[:1], segmentation, study.headers, INFO, tmp_path / "sr.dcm")
    assert not (tmp_path / "sr.dcm").exists()


def walked(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence", []):
        yield child
        yield from walked(child)


def test_who_outlined_the_gland_is_said_where_it_was_not_the_model(study, segmentation, tmp_path):
    told = []
    for gland_by in ("", "TAPS"):
        path = tmp_path / f"gland{gland_by}.dcm"
        write_measurements(LESIONS, segmentation, study.headers, replace(INFO, gland_by=gland_by), path)
        said = [str(item.TextValue) for item in walked(dcmread(path)) if "TextValue" in item]
        told.append([text for text in said if "outlined by" in text])
    assert told == [[], ["The gland, in which places are told, was outlined by TAPS."]]


def test_that_the_prompt_told_where_to_look_is_said_and_the_prompt_is_not(study, segmentation, tmp_path):
    told = []
    for given in (False, True):
        info = replace(INFO, prompt="left apex lesion of Mr X", place_given=given)
        path = tmp_path / f"given{int(given)}.dcm"
        write_measurements(LESIONS, segmentation, study.headers, info, path)
        said = [str(item.TextValue) for item in walked(dcmread(path)) if "TextValue" in item]
        told.append([text for text in said if "place given" in text])
        assert b"Mr X" not in path.read_bytes()
    assert told == [[], ["The prompt told where to look: these lesions were found with a place given."]]


def test_failed_self_check_leaves_no_report(study, segmentation, tmp_path, monkeypatch):
    monkeypatch.setattr(sr, "read_measurements", lambda path: {})
    with pytest.raises(InputError, match="did not read back"):
        write_measurements(LESIONS, segmentation, study.headers, INFO, tmp_path / "sr.dcm")
    assert not list(tmp_path.glob("*sr.dcm"))


def test_only_the_allowed_patient_attributes_reach_the_report(study, segmentation, tmp_path):
    for header in study.headers[Modality.T2W]:
        header.PhysiciansOfRecord = header.InstitutionName = header.PatientComments = "SENTINEL"
    write_measurements(LESIONS, segmentation, study.headers, replace(INFO, prompt="SENTINEL"), tmp_path / "sr.dcm")
    assert b"SENTINEL" not in (tmp_path / "sr.dcm").read_bytes()
