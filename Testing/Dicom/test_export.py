"""`export` turns a stored result into the DICOM objects that the user asks for, and nothing else."""

import json
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread

from Dicom.making import change, dciodvfy_errors, read_by_dcmqi, two_lesions
from host.commands import run_command
from host.plain_run import a_run
from ProstateAlignRefineLib.commands import export as command
from ProstateAlignRefineLib.core.anatomy import GlandZone
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array
from ProstateAlignRefineLib.core.maps import Maps, read_volume, write_volume
from ProstateAlignRefineLib.core.storage.signature import SIGNATURE_NAME
from ProstateAlignRefineLib.dicom import load_study
from ProstateAlignRefineLib.dicom.write.ascii_text import fitting_clause
from ProstateAlignRefineLib.results.folder import Result, segmentation_info, volumes_on_t2w, write_gated, write_inputs

NOTICE = "trained on test images only, and never to be used for anything else than a test"
RUN = a_run(NOTICE)


def write_result(study, folder: Path, headers, inside: float = 2.0, zones=None) -> Path:
    margin = np.where(two_lesions(study.grid) > 0, inside, -2.0).astype(np.float32)
    probability = (1 / (1 + np.exp(-margin))).astype(np.float32)
    maps = Maps(study.grid, margin, margin, probability, probability, zones)
    folder.mkdir()
    result = Result(volumes_on_t2w(study), maps, headers, RUN, RUN.own_setting)
    write_inputs(folder, result)
    write_gated(folder, result)
    return folder


@pytest.fixture
def result(study, tmp_path) -> Path:
    return write_result(study, tmp_path / "out", study.headers)


@pytest.fixture
def result_of_files(study, tmp_path) -> Path:
    return write_result(study, tmp_path / "out", {})


def export(*words: object) -> int:
    return run_command(command, *words)


def names(folder: Path) -> list[str]:
    """But for the hidden signature."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != SIGNATURE_NAME)
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_segmentation_alone_is_the_default(result, tmp_path, capsys):
    export(result, "-o", tmp_path / "dicom")
    assert names(tmp_path / "dicom") == ["lesions.seg.dcm"]
    assert "Wrote lesions.seg.dcm" in capsys.readouterr().err


def test_all_objects_are_valid_and_share_identities(result, tmp_path, study):
    folder = tmp_path / "dicom"
    export(result, "-o", folder, "--measurements", "--similarity")
    assert len(names(folder)) == 12
    for name in ("lesions.seg.dcm", "lesions.sr.dcm", "similarity/0001.dcm"):
        assert dciodvfy_errors(folder / name) == []
    stored = read_by_dcmqi(folder / "lesions.seg.dcm", tmp_path / "dcmqi", study.grid)
    assert np.array_equal(stored, to_array(read_volume(result / "lesions.nii.gz")))
    segments = dcmread(folder / "lesions.seg.dcm").SegmentSequence
    report = dcmread(folder / "lesions.sr.dcm").to_json()
    assert all(str(segment.TrackingUID) in report for segment in segments)
    studies = {dcmread(path).StudyInstanceUID for path in folder.rglob("*.dcm")}
    assert studies == {study.headers["t2w"][0].StudyInstanceUID}


@pytest.mark.fault("a mask was corrected before `export`", "that corrections are not exported; nothing is written")
def test_a_corrected_mask_is_not_passed_over(result, tmp_path):
    mask = result / "lesions.nii.gz"
    image = read_volume(mask)
    write_volume(np.where(to_array(image) == 2, 0, to_array(image)), Grid.of(image), mask)
    with pytest.raises(InputError, match=r"'lesions.nii.gz' was changed .* corrections would be lost"):
        export(result, "-o", tmp_path / "dicom")
    assert not (tmp_path / "dicom").exists()
    mask.rename(result / "mine.nii.gz")
    assert export(result, "-o", tmp_path / "dicom") == 0


def test_deidentified_export_names_nobody(study_folder, tmp_path):
    def name(dataset):
        dataset.PatientID, dataset.PatientName = "1234567", "Phantom^Jane"

    change(study_folder, name)
    study = load_study(study_folder)
    result = write_result(study, tmp_path / "out", study.headers)
    export(result, "-o", tmp_path / "dicom", "--deidentify", "CASE-1", "--measurements", "--similarity")
    for path in (tmp_path / "dicom").rglob("*.dcm"):
        assert dcmread(path).PatientID == "CASE-1"
        assert b"Phantom" not in path.read_bytes()
        assert dciodvfy_errors(path) == []


@pytest.mark.fault("a synthetic or research study is to be exported under a pseudonym", "to leave the pseudonym out")
@pytest.mark.parametrize("research", [False, True])
def test_no_pseudonym_hides_that_a_study_is_no_patients(study, tmp_path, research):
    result = write_result(study, tmp_path / "out", {} if research else study.headers)
    with pytest.raises(InputError, match="without a pseudonym"):
        export(result, "-o", tmp_path / "dicom", "--deidentify", "CASE-1", *["--research-study"] * research)
    assert not (tmp_path / "dicom").exists()


def test_result_of_files_is_refused_with_two_ways_out(result_of_files, tmp_path):
    with pytest.raises(InputError, match=r"--link, or make a new one with --research-study"):
        export(result_of_files, "-o", tmp_path / "dicom")
    assert not (tmp_path / "dicom").exists()


def test_result_of_files_is_linked_to_its_study(result_of_files, study_folder, study, tmp_path):
    export(result_of_files, "-o", tmp_path / "dicom", "--link", study_folder, "--measurements")
    stored = dcmread(tmp_path / "dicom" / "lesions.seg.dcm")
    assert stored.StudyInstanceUID == study.headers["t2w"][0].StudyInstanceUID
    assert dciodvfy_errors(tmp_path / "dicom" / "lesions.sr.dcm") == []


def test_result_of_files_becomes_a_research_study(result_of_files, tmp_path, study):
    folder = tmp_path / "dicom"
    export(result_of_files, "-o", folder, "--research-study", "--measurements", "--similarity")
    assert len(names(folder)) == 42
    assert {str(dcmread(path).PatientID)[:9] for path in folder.rglob("*.dcm")} == {"RESEARCH-"}
    assert len({dcmread(path).StudyInstanceUID for path in folder.rglob("*.dcm")}) == 1
    assert dciodvfy_errors(folder / "lesions.seg.dcm") == []
    assert np.array_equal(
        read_by_dcmqi(folder / "lesions.seg.dcm", tmp_path / "dcmqi", study.grid),
        to_array(read_volume(result_of_files / "lesions.nii.gz")),
    )


def test_dicom_result_needs_no_link(result, study_folder, tmp_path):
    with pytest.raises(InputError, match="DICOM study already"):
        export(result, "-o", tmp_path / "dicom", "--link", study_folder)


def test_empty_result_is_refused_and_nothing_is_left(study, tmp_path):
    folder = write_result(study, tmp_path / "out", study.headers, inside=-1.0)
    with pytest.raises(InputError, match="no lesion to export"):
        export(folder, "-o", tmp_path / "dicom")
    assert not (tmp_path / "dicom").exists()


def test_a_folder_of_other_files_is_not_replaced(result, tmp_path):
    (tmp_path / "dicom").mkdir()
    (tmp_path / "dicom" / "thesis.txt").write_text("x")
    with pytest.raises(InputError, match="holds other files"):
        export(result, "-o", tmp_path / "dicom")
    assert names(tmp_path / "dicom") == ["thesis.txt"]


def test_results_and_folders_that_hold_a_segmentation_are_not_replaced(result, tmp_path):
    before = names(result)
    with pytest.raises(InputError, match="holds other files"):
        export(result, "-o", result)
    assert names(result) == before
    export(result, "-o", tmp_path / "documents")
    (tmp_path / "documents" / "thesis.txt").write_text("x")
    export(result, "-o", tmp_path / "documents")
    assert names(tmp_path / "documents") == ["lesions.seg.dcm", "thesis.txt"]
    (tmp_path / "documents" / "lesions.seg.dcm").write_bytes(b"of another workstation")
    with pytest.raises(InputError, match=r"'lesions\.seg\.dcm' in the output folder was changed"):
        export(result, "-o", tmp_path / "documents")


def test_an_earlier_export_is_replaced(result, tmp_path):
    export(result, "-o", tmp_path / "dicom", "--measurements")
    export(result, "-o", tmp_path / "dicom")
    assert names(tmp_path / "dicom") == ["lesions.seg.dcm"]


def test_changed_gate_is_semiautomatic():
    own = RUN.own_setting
    assert segmentation_info(RUN, own, ()).edited is False
    assert segmentation_info(RUN, own.moved(0.5, own.alpha), ()).edited is True


@pytest.fixture
def result_with_gland(study, tmp_path) -> Path:
    """An ellipsoid of 33 mL about the middle of the field of view, its front transition zone."""
    grid = study.grid
    points = (grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1)[..., ::-1]) - grid.centre) @ grid.axes
    inside = np.linalg.norm(points / (28.0, 22.0, 13.0), axis=-1) <= 1
    front = points[..., 1] < -3
    zones = np.where(inside, np.where(front, GlandZone.TRANSITION, GlandZone.PERIPHERAL), GlandZone.OUTSIDE)
    return write_result(study, tmp_path / "out", study.headers, zones=zones.astype(np.uint8))


def test_zone_and_side_are_coded_where_the_model_gives_a_gland(result_with_gland, tmp_path):
    folder = tmp_path / "dicom"
    export(result_with_gland, "-o", folder, "--measurements")
    places = [lesion["place"] for lesion in json.loads((result_with_gland / "report.json").read_text())["lesions"]]
    assert sorted((place["zone"], place["side"]) for place in places) == [
        ("peripheral", "left"),
        ("transition", "midline"),
    ]
    coded = {"peripheral": "279706003", "transition": "399384005", "left": "7771000", "midline": None}
    segments = dcmread(folder / "lesions.seg.dcm").SegmentSequence
    groups = hd.sr.srread(folder / "lesions.sr.dcm").content.get_volumetric_roi_measurement_groups()
    for place, segment, group in zip(places, segments, groups, strict=True):
        assert segment.AnatomicRegionSequence[0].CodeValue == coded[place["zone"]]
        (site,) = group.finding_sites
        assert site.value.value == coded[place["zone"]]
        assert (site.laterality.value if site.laterality else None) == coded[place["side"]]
    for name in ("lesions.seg.dcm", "lesions.sr.dcm"):
        assert dciodvfy_errors(folder / name) == []


def test_without_a_gland_the_site_is_the_prostate_and_no_side_is_claimed(result, tmp_path):
    export(result, "-o", tmp_path / "dicom", "--measurements")
    for segment in dcmread(tmp_path / "dicom" / "lesions.seg.dcm").SegmentSequence:
        assert segment.AnatomicRegionSequence[0].CodeValue == "41216001"
    groups = hd.sr.srread(tmp_path / "dicom" / "lesions.sr.dcm").content.get_volumetric_roi_measurement_groups()
    assert [(group.finding_sites[0].value.value, group.finding_sites[0].laterality) for group in groups] == [
        ("41216001", None),
        ("41216001", None),
    ]


def test_the_gland_is_an_object_of_its_own(result_with_gland, tmp_path, study):
    for _earlier_one_is_replaced in range(2):
        export(result_with_gland, "-o", tmp_path / "dicom", "--gland")
    path = tmp_path / "dicom" / "gland.seg.dcm"
    assert dciodvfy_errors(path) == []
    (segment,) = dcmread(path).SegmentSequence
    assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == "41216001"
    stored = read_by_dcmqi(path, tmp_path / "dcmqi", study.grid)
    assert np.array_equal(stored > 0, to_array(read_volume(result_with_gland / "zones.nii.gz")) > 0)


def test_a_result_without_a_gland_has_none_to_export(result, tmp_path):
    with pytest.raises(InputError, match="leave out --gland"):
        export(result, "-o", tmp_path / "dicom", "--gland")
    assert not (tmp_path / "dicom").exists()


@pytest.mark.parametrize(
    ("notice", "kept"),
    [
        ("Trained on 1.5 T images", "Trained on 1.5 T images"),
        (
            "Trained on synthetic images, not for clinical use, by nobody at all",
            "Trained on synthetic images, not for clinical use",
        ),
        ("a" * 64, "a" * 64),
        ("a" * 65, ""),
        ("nur für Tests", ""),
        ("", ""),
    ],
)
def test_of_a_notice_whole_clauses_are_kept_or_none(notice, kept):
    assert fitting_clause(notice) == kept


def test_what_the_model_says_of_itself_stands_in_the_segmentation(result, tmp_path):
    export(result, "-o", tmp_path / "dicom")
    stored = dcmread(tmp_path / "dicom" / "lesions.seg.dcm")
    assert stored.SeriesDescription == "Prostate lesions, AI, for research"
    assert stored.ContentDescription == "trained on test images only"
