"""What a reader entered, in the structured report; and the report itself as a document in the patient's study."""

import json
import subprocess
from pathlib import Path

import highdicom as hd
import pytest
from pydicom import dcmread
from pydicom.sr._concepts_dict import concepts

from Dicom.making import INFO, LESIONS, dciodvfy_errors, tool, two_lesions
from ProstateAlignRefineLib.core.assessment import UNASSESSED, Assessment
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.pirads import Enhancement, Extension, ScoredZone
from ProstateAlignRefineLib.core.sectors import SECTORS, sector_called
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.dicom import deidentified, write_measurements, write_pdf_report, write_segmentation
from ProstateAlignRefineLib.dicom.send.sendable import describe, sendable_files
from ProstateAlignRefineLib.dicom.write.pdf import read_pdf_report
from ProstateAlignRefineLib.dicom.write.pirads_codes import evaluations, sector_code

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40  # odd in length
PERIPHERAL = Assessment(t2w=2, dwi=3, dce=Enhancement.POSITIVE, epe=Extension.SUSPECTED)
TRANSITION = Assessment(ScoredZone.TRANSITION, t2w=3, dwi=5, sector=sector_called("left mid TZa"))


def known(cid):
    return {
        (scheme, code, meaning)
        for scheme, by_keyword in concepts.items()
        for by_code in by_keyword.values()
        for code, (meaning, cids) in by_code.items()
        if cid in cids
    }


def test_every_sector_has_its_code_of_the_context_group():
    codes = [sector_code(sector) for sector in SECTORS]
    assert {(code.scheme_designator, code.value, code.meaning) for code in codes} == known(6304)


@pytest.mark.parametrize(("zone", "cid"), [(ScoredZone.PERIPHERAL, 6329), (ScoredZone.TRANSITION, 6330)])
@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dce", Enhancement)
def test_scores_are_codes_of_the_context_groups(zone, cid, score, dce):
    said = Assessment(zone, t2w=score, dwi=score, dce=dce)
    _version, *values = (value for _name, value in evaluations(said, LESIONS[1].place))
    groups = (6328, cid, 6331, 6332)
    for value, group in zip(values, groups, strict=True):
        assert (value.scheme_designator, value.value, value.meaning) in known(group)
    assert values[0].meaning.startswith(f"PI-RADS {said.category_at(LESIONS[1].place)} ")


def written(study, folder, assessments) -> Path:
    write_segmentation(two_lesions(study.grid), study.grid, study.headers, INFO, folder / "seg.dcm")
    path = folder / "sr.dcm"
    write_measurements(LESIONS, folder / "seg.dcm", study.headers, INFO, path, assessments=assessments)
    return path


def test_the_readers_scores_stand_in_the_structured_report(study, tmp_path):
    path = written(study, tmp_path, (PERIPHERAL, TRANSITION))
    assert dciodvfy_errors(path) == []
    first, second = hd.sr.srread(path).content.get_volumetric_roi_measurement_groups()
    told = [[item.value.meaning for item in group.get_qualitative_evaluations()] for group in (first, second)]
    assert told[0] == [
        "PI-RADS v2.1",
        "PI-RADS 4 - High (lesion)",
        "PI-RADS 2 - T2WI PZ Low",
        "PI-RADS 3 - DWI Intermediate",
        "PI-RADS DCE +ve",
    ]
    assert told[1][1:3] == ["PI-RADS 4 - High (lesion)", "PI-RADS 3 - T2WI TZ Intermediate"]
    (site,) = second.finding_sites
    assert site.value.meaning == "Left anterior middle transition zone of prostate"
    assert site.laterality is None
    text = dcmread(path).to_json()
    assert "extraprostatic extension suspected" in text


def test_what_nobody_entered_stands_nowhere(study, tmp_path):
    text = dcmread(written(study, tmp_path, (UNASSESSED, Assessment(t2w=4)))).to_json()
    assert "130560" not in text
    assert "Lesion 1, entered" not in text


def test_dcmqi_reads_the_scores(study, tmp_path):
    target = tmp_path / "report.json"
    path = written(study, tmp_path, (PERIPHERAL, UNASSESSED))
    subprocess.run([tool("tid1500reader"), "--inputDICOM", path, "--outputMetadata", target], check=True)
    first = json.loads(target.read_text())["Measurements"][0]
    assert "PI-RADS 4 - High (lesion)" in json.dumps(first["qualitativeEvaluations"])


def test_the_document_is_valid_and_reads_back(study, tmp_path):
    path = tmp_path / "report.pdf.dcm"
    write_pdf_report(PDF, study.headers, INFO, path)
    assert dciodvfy_errors(path) == []
    assert read_pdf_report(path) == PDF
    stored, source = dcmread(path), study.headers[Modality.T2W][0]
    assert stored.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "AccessionNumber"):
        assert stored[keyword].value == source[keyword].value
    assert stored.SeriesInstanceUID != source.SeriesInstanceUID
    assert len(stored.SourceInstanceSequence) == len(study.headers[Modality.T2W])
    assert stored.VerificationFlag == "UNVERIFIED"


def test_the_document_of_the_real_study_is_valid(real_dicom, tmp_path):
    from ProstateAlignRefineLib.dicom import load_study

    write_pdf_report(PDF, load_study(real_dicom).headers, INFO, tmp_path / "report.pdf.dcm")
    assert dciodvfy_errors(tmp_path / "report.pdf.dcm") == []


def test_a_deidentified_document_names_nobody_and_nothing_else_is_carried(study, tmp_path):
    for header in (header for slices in study.headers.values() for header in slices):
        header.PatientName, header.PatientID = "SENTINEL^Name", "SENTINEL"
        header.PhysiciansOfRecord = header.InstitutionName = header.PatientComments = "SENTINEL"
    write_pdf_report(PDF, deidentified(study.headers, "case-7"), INFO, tmp_path / "one.dcm")
    assert b"SENTINEL" not in (tmp_path / "one.dcm").read_bytes()
    assert dciodvfy_errors(tmp_path / "one.dcm") == []
    assert dcmread(tmp_path / "one.dcm").PatientIdentityRemoved == "YES"


def test_what_is_no_pdf_is_refused_and_what_is_one_is_sent(study, tmp_path):
    path = tmp_path / "report.pdf.dcm"
    with pytest.raises(InputError, match="no PDF"):
        write_pdf_report(b"<html>", study.headers, INFO, path)
    assert not path.exists()
    write_pdf_report(PDF, study.headers, INFO, path)
    assert sendable_files([path], allow_research=True) == (path,)
    assert describe([path]) == "1 PDF report"
