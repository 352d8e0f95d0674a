"""Where commands write: nobody's files are lost, and the study does not mix with its results."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.storage.files import file_sha256
from ProstateAlignRefineLib.core.storage.signature import SIGNATURE_NAME
from ProstateAlignRefineLib.core.storage.staging import STAGING_NAME
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files


def digests(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def a_dicom_folder(a_study_folder, tmp_path):
    from ProstateAlignRefineLib.dicom import synthetic_label, write_study

    folder = tmp_path / "dicom"
    write_study(read_study_files(find_study_files(a_study_folder)), folder, synthetic_label(1, 800.0))
    return folder


@pytest.fixture
def segment(a_bundle):
    def run(source: Path, out: Path) -> int:
        return main(["segment", str(source), "-o", str(out), "--model", str(a_bundle), "--tau", "0.2"])

    return run


@pytest.fixture
def result(segment, a_study_folder, tmp_path) -> Path:
    assert segment(a_study_folder, tmp_path / "out") == 0
    return tmp_path / "out"


def test_every_file_of_a_result_has_its_hash_in_the_report(result):
    report = json.loads((result / "report.json").read_text())
    assert report["program"] == "ProstateAlignRefine"
    found = digests(result)
    assert {*report["files"], "report.json", SIGNATURE_NAME} == set(found)
    assert all(found[name] == digest for name, digest in report["files"].items())
    assert main(["gate", str(result), "--tau", "0.9"]) == 0
    report, found = json.loads((result / "report.json").read_text()), digests(result)
    assert {*report["files"], "report.json", SIGNATURE_NAME} == set(found)
    assert all(found[name] == digest for name, digest in report["files"].items())


@pytest.mark.fault("a map or a volume of a result was changed", "gate names the file and changes nothing")
@pytest.mark.parametrize("name", ["confidence.nii.gz", "study/adc.nii.gz"])
@pytest.mark.parametrize("how", ["another value", "cut short", "removed"])
def test_gate_refuses_a_map_that_is_not_as_written(result, capsys, name, how):
    path = result / name
    if how == "another value":
        image = sitk.ReadImage(str(path))
        image[3, 3, 3] = 0.123
        sitk.WriteImage(image, str(path))
    elif how == "cut short":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.unlink()
    before = digests(result)
    assert main(["gate", str(result), "--tau", "0.5"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"'{path.name}'" in said
    assert str(result) not in said
    assert digests(result) == before


@pytest.mark.fault("a mask was corrected in an earlier result", "gate and segment name it and change nothing")
@pytest.mark.parametrize("name", ["lesions.nii.gz", "report.json"])
def test_a_corrected_mask_is_not_lost(result, segment, a_study_folder, capsys, name):
    path = result / name
    if name == "report.json":
        path.write_text(path.read_text().replace('"use"', '"remark": "discussed", "use"'))
    else:
        labels = sitk.ReadImage(str(path))
        labels[5:9, 5:9, 5] = 1
        sitk.WriteImage(labels, str(path))
    before = digests(result)
    for command in (lambda: main(["gate", str(result), "--tau", "0.5"]), lambda: segment(a_study_folder, result)):
        assert command() == 2
        assert f"'{name}' in the output folder was changed" in capsys.readouterr().err
    assert digests(result) == before


@pytest.mark.fault("OUT is the study, or a folder above it", "refused before anything is computed")
@pytest.mark.parametrize("where", ["itself", "above", "link", "dots"])
def test_results_do_not_go_into_or_around_the_study(segment, a_dicom_folder, tmp_path, where):
    study = a_dicom_folder
    (tmp_path / "link").symlink_to(study)
    out = {"itself": study, "above": tmp_path, "link": tmp_path / "link", "dots": study / ".." / study.name}[where]
    before = digests(tmp_path)
    assert segment(study, out) == 2
    assert digests(tmp_path) == before
    assert not list(tmp_path.rglob(STAGING_NAME))


@pytest.mark.fault("OUT lies inside the study", "it works, twice in a row, from files and from DICOM")
@pytest.mark.parametrize("kind", ["files", "dicom"])
def test_results_inside_the_study_do_not_shadow_it(segment, a_study_folder, a_dicom_folder, capsys, kind):
    study = a_study_folder if kind == "files" else a_dicom_folder
    before, out = digests(study), study / "results" / "today"
    assert segment(study, out) == 0
    first = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "lesions.nii.gz")))
    for options in (["--measurements", "--similarity"],) if kind == "dicom" and first.any() else ():
        assert main(["export", str(out), "-o", str(study / "results" / "export"), *options]) == 0
    capsys.readouterr()
    assert segment(study, out) == 0
    assert "Replaced the earlier results in" in capsys.readouterr().err
    np.testing.assert_array_equal(first, sitk.GetArrayFromImage(sitk.ReadImage(str(out / "lesions.nii.gz"))))
    assert {name: digest for name, digest in digests(study).items() if not name.startswith("results/")} == before


@pytest.mark.fault("a DICOM series lies in a folder with our results", "it is still read")
def test_what_others_put_into_a_result_is_still_scanned(segment, a_dicom_folder):
    from ProstateAlignRefineLib.dicom.read.folder import scan_folder

    whole = scan_folder(a_dicom_folder)
    assert segment(a_dicom_folder, a_dicom_folder / "results") == 0
    (a_dicom_folder / "adc").rename(a_dicom_folder / "results" / "adc")
    (a_dicom_folder / "results" / STAGING_NAME).mkdir()
    (a_dicom_folder / "results" / STAGING_NAME / "x.dcm").write_bytes((a_dicom_folder / "t2w/0001.dcm").read_bytes())
    scan = scan_folder(a_dicom_folder)
    assert set(scan.series) == set(whole.series)
    assert len(scan.frames) == len(whole.frames)
    assert scan.skipped == {}


@pytest.mark.fault("OUT is /dev/null or another device, as root", "refused, and the device stays one")
def test_a_device_stays_a_device(segment, a_study_folder, tmp_path, capsys):
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("devices can be made by root alone")
    assert segment(a_study_folder, device) == 2
    assert main(["phantom", "-o", str(device)]) == 2
    assert main(["encode-text", "--encoder", "starter:1", "-o", str(device), "x"]) == 2
    assert stat.S_ISCHR(device.stat().st_mode)
    assert "name a folder" in capsys.readouterr().err


@pytest.mark.fault("OUT holds a report.json of another program and a thesis", "it is named; nothing is lost")
@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["phantom"], ["truth/thesis.docx"]),
        (["phantom"], ["dicom/1.dcm", "truth/lesions.nii.gz"]),
        (["evaluate", "--predictions", "{refs}", "--references", "{refs}"], ["evaluation.json", "thesis.docx"]),
        (["benchmark", "--cache", "{out}/../cache"], ["figures.json", "thesis.docx"]),
        (["prepare", "--images", "{refs}", "--labels", "{refs}"], ["manifest.json", "thesis.docx"]),
        (["demo"], ["study/truth/notes.txt", "thesis.docx"]),
        (["demo"], ["results/report.json", "thesis.docx"]),
        (["train", "--config", "starter"], ["log.csv", "thesis.docx"]),
        (["train", "--config", "starter"], ["bundle/bundle.json", "thesis.docx"]),
        (["train", "--config", "starter"], ["test/report/evaluation.json", "test/references/1.nii.gz"]),
    ],
)
def test_results_of_other_programs_are_not_taken_for_ours(tmp_path, capsys, command, names):
    out, references = tmp_path / "out", tmp_path / "refs"
    references.mkdir()
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("years of work")
    before = digests(tmp_path)
    words = [word.format(refs=references, out=out) for word in command]
    assert main([*words, "-o", str(out)]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "name another folder" in said[-1]
    assert digests(tmp_path) == before
    assert not list(tmp_path.rglob(STAGING_NAME))


@pytest.mark.fault("the cohort's list lies in OUT under the name of our table", "it is not replaced")
def test_the_list_of_a_cohort_is_not_replaced_by_its_table(a_study_folder, a_bundle, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "cohort.csv").write_text(f"case,study\none,{a_study_folder}\n")
    before = digests(tmp_path)
    assert main(["segment-cohort", str(out / "cohort.csv"), "-o", str(out), "--model", str(a_bundle)]) == 2
    assert "'cohort.csv' in the output folder" in capsys.readouterr().err
    assert digests(tmp_path) == before


@pytest.mark.fault("the cohort's OUT lies in the folder of its studies", "it is no study, the next time")
def test_results_of_a_cohort_are_no_studies(a_study_folder, a_bundle, tmp_path):
    studies = tmp_path / "studies"
    studies.mkdir()
    a_study_folder.rename(studies / "one")
    for path in (studies / "one").iterdir():
        path.rename(path.with_name(path.name.replace("_", "-")))
    listed = tmp_path / "list.csv"
    files = [studies / "one" / f"a-{name}.mha" for name in ("t2w", "adc", "hbv")]
    listed.write_text("case,t2w,adc,hbv\none," + ",".join(map(str, files)) + "\n")
    assert main(["segment-cohort", str(listed), "-o", str(studies / "out"), "--model", str(a_bundle)]) == 0
    from ProstateAlignRefineLib.core.cohort import read_cohort

    assert [entry.case for entry in read_cohort(studies)] == ["one"]
    assert main(["segment-cohort", str(listed), "-o", str(studies / "out"), "--model", str(a_bundle)]) == 0


@pytest.mark.fault("the disk is full before the result is written", "one sentence; OUT is as it was, mount points too")
def test_a_full_disk_leaves_nothing(segment, a_study_folder, small_disk, capsys):
    disk = small_disk(192)  # KiB: enough for some of the maps
    for out in (disk, disk / "out"):
        assert segment(a_study_folder, out) == 2
        assert "free space" in capsys.readouterr().err
        assert list(disk.iterdir()) == []


@pytest.mark.fault("segment is killed at any moment", "the next command finds the old result or the new one")
def test_segment_and_gate_killed_at_any_time_leave_a_whole_result(result, tmp_path):
    """Both gates' results are known; a killed run's folder is always one of them."""
    reports = {}
    for tau in ("0.3", "0.8"):
        assert main(["gate", str(result), "--tau", tau]) == 0
        reports[tau] = digests(result)
    program = (
        "import sys; from ProstateAlignRefineLib.cli import main; print('x', flush=True); sys.exit(main(sys.argv[1:]))"
    )
    rng = np.random.default_rng(0)
    for number in range(8):
        tau = ("0.3", "0.8")[number % 2]
        running = subprocess.Popen([sys.executable, "-c", program, "gate", str(result), "--tau", tau], stdout=-1)
        running.stdout.readline()
        time.sleep(rng.uniform(0, 1.2))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert main(["gate", str(result)]) == 0
        lesions = file_sha256(result / "lesions.nii.gz")
        assert lesions in {known["lesions.nii.gz"] for known in reports.values()}
        found, report = digests(result), json.loads((result / "report.json").read_text())
        assert {*report["files"], "report.json", SIGNATURE_NAME} == set(found)
