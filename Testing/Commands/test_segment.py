import hashlib
import json

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.core.gate import gate_logits
from ProstateAlignRefineLib.core.geometry import Grid

VOLUMES = ("lesions", "confidence", "base_margin", "refined_margin", "similarity", "edits")


def array(folder, name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name}.nii.gz")))


@pytest.fixture
def results(a_study_folder, a_bundle, tmp_path):
    out = tmp_path / "out"
    assert main(["segment", str(a_study_folder), "-o", str(out), "--model", str(a_bundle), "--tau", "0.2"]) == 0
    return out


def test_every_volume_lies_on_the_t2w_grid(results, a_study_folder):
    t2w = Grid.of(sitk.ReadImage(str(a_study_folder / "a_t2w.mha")))
    for name in VOLUMES:
        assert Grid.of(sitk.ReadImage(str(results / f"{name}.nii.gz"))).matches(t2w), name


def test_lesions_and_edits_follow_from_the_stored_maps(results):
    maps = {name: array(results, name) for name in VOLUMES}
    gated = gate_logits(maps["base_margin"], maps["refined_margin"], maps["confidence"], 0.2, 0.25) > 0
    base = maps["base_margin"] > 0
    np.testing.assert_array_equal(maps["edits"] == 1, gated & ~base)
    np.testing.assert_array_equal(maps["edits"] == 2, base & ~gated)
    assert maps["lesions"].dtype == np.uint8
    assert not (maps["lesions"].astype(bool) & ~gated).any()


def test_the_report_agrees_with_the_label_volume(results):
    report = json.loads((results / "report.json").read_text())
    labels = array(results, "lesions")
    assert [lesion["number"] for lesion in report["lesions"]] == list(range(1, labels.max() + 1))
    assert report["lesions"], "the random model should find something, or this test shows nothing"
    for lesion in report["lesions"]:
        assert lesion["volume_ml"] == pytest.approx((labels == lesion["number"]).sum() * 2.7e-3, abs=1e-3)
    confidences = [lesion["mean_confidence"] for lesion in report["lesions"]]
    assert confidences == sorted(confidences, reverse=True)
    run = report["run"]
    assert (run["tau"], run["alpha"], run["prompt"]) == (0.2, 0.25, "prostate lesion")
    assert len(run["model"]["sha256"]) == 64
    assert set(run["seconds"]) >= {"read", "load", "preprocess", "network", "maps"}


def test_the_overview_is_a_picture_with_a_row_a_lesion(results):
    report = json.loads((results / "report.json").read_text())
    rows = min(len(report["lesions"]), 4)
    picture = Image.open(results / "overview.png")
    assert picture.height > rows * 300
    assert np.asarray(picture).std() > 10


def test_the_html_report_is_listed_and_follows_the_gate(results):
    before = (results / "report.html").read_text(encoding="utf-8")
    assert "tau 0.2" in before
    assert "No PI-RADS category" in before
    assert main(["gate", str(results), "--tau", "0.6"]) == 0
    after = (results / "report.html").read_bytes()
    assert b"tau 0.6" in after
    listed = json.loads((results / "report.json").read_text())["files"]
    assert listed["report.html"] == hashlib.sha256(after).hexdigest()


def test_gate_redoes_what_segment_would_have_done(results, a_study_folder, a_bundle, tmp_path):
    other = tmp_path / "other"
    options = ["--tau", "0.6", "--alpha", "0.9"]
    assert main(["segment", str(a_study_folder), "-o", str(other), "--model", str(a_bundle), *options]) == 0
    assert main(["gate", str(results), *options]) == 0
    for name in VOLUMES:
        np.testing.assert_array_equal(array(results, name), array(other, name))
    ours, theirs = (json.loads((folder / "report.json").read_text()) for folder in (results, other))
    for lesion, expected in zip(ours["lesions"], theirs["lesions"], strict=True):
        # NIfTI keeps positions as float32, so the last of the four decimals may round the other way.
        assert lesion.pop("centre_lps") == pytest.approx(expected.pop("centre_lps"), abs=2e-4)
        ends = (
            lesion["diameters"].pop("longest_axial_ends_lps"),
            lesion["diameters"].pop("perpendicular_axial_ends_lps"),
        )
        other_ends = [expected["diameters"].pop(f"{name}_axial_ends_lps") for name in ("longest", "perpendicular")]
        assert np.array(ends) == pytest.approx(np.array(other_ends), abs=2e-4)
        assert lesion == expected
    assert ours["edits_voxels"] == theirs["edits_voxels"]


def test_gate_does_not_import_torch(results, repository):
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from ProstateAlignRefineLib.cli import main\n"
        f"sys.exit(main(['gate', {str(results)!r}, '--tau', '0.5', '--alpha', '0.5']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository / "ProstateAlignRefine",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_gate_out_of_range_changes_nothing(results, capsys):
    before = {path.name: path.stat().st_mtime_ns for path in results.iterdir()}
    assert main(["gate", str(results), "--tau", "1.5"]) == 2
    assert "between 0 and 1" in capsys.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in results.iterdir()} == before


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--device", "tpu"], "Device 'tpu'"),
        (["--tau", "-1"], "tau is -1"),
        (["--model", "nowhere"], "does not exist"),
        (["--t2w", "a.mha"], "either INPUT or all three"),
        (["--adc-series", "7"], "Image files have no series numbers"),
    ],
)
def test_bad_options_are_one_sentence_and_leave_nothing(a_study_folder, tmp_path, capsys, extra, said):
    out = tmp_path / "out"
    assert main(["segment", str(a_study_folder), "-o", str(out), *extra]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in error
    assert not out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_a_folder_with_other_files_is_left_alone(a_study_folder, tmp_path, capsys):
    out = tmp_path / "photos"
    out.mkdir()
    (out / "holiday.jpg").touch()
    assert main(["segment", str(a_study_folder), "-o", str(out)]) == 2
    assert [path.name for path in out.iterdir()] == ["holiday.jpg"]


def test_nothing_found_is_a_result_too(a_study_folder, a_bundle, tmp_path, capsys):
    """A minimum volume larger than the study drops everything."""
    from dataclasses import replace

    from ProstateAlignRefineLib.network.bundle import load_bundle, save_bundle

    bundle = load_bundle(a_bundle)
    strict = tmp_path / "strict"
    save_bundle(strict, bundle.network, replace(bundle.config, minimum_lesion_ml=1e6), bundle.text, "# strict\n")
    out = tmp_path / "out"
    assert main(["segment", str(a_study_folder), "-o", str(out), "--model", str(strict)]) == 0
    assert "No lesion found" in capsys.readouterr().out
    assert array(out, "lesions").max() == 0
    assert (out / "overview.png").is_file()


def test_three_files_are_a_study_too(a_study_folder, a_bundle, results, tmp_path):
    out = tmp_path / "three"
    files = [arg for name in ("t2w", "adc", "hbv") for arg in (f"--{name}", str(a_study_folder / f"a_{name}.mha"))]
    assert main(["segment", *files, "-o", str(out), "--model", str(a_bundle), "--tau", "0.2"]) == 0
    np.testing.assert_array_equal(array(out, "lesions"), array(results, "lesions"))


@pytest.mark.fault("images of noise", "Caution (noise) after the table, in the report, and again after `gate`")
def test_cautions_are_printed_and_reported_and_kept_by_gate(capsys, results):
    printed = capsys.readouterr().out
    listed = json.loads((results / "report.json").read_text())["run"]["cautions"]
    assert "noise" in {caution["code"] for caution in listed}
    for caution in listed:
        assert f"Caution ({caution['code']}): {caution['text']}" in printed
    assert main(["gate", str(results), "--alpha", "0"]) == 0
    assert "Caution (noise)" in capsys.readouterr().out


def test_registration_is_done_only_where_asked_for(results, a_study_folder, a_bundle, tmp_path, capsys):
    assert "dwi-registered" not in (results / "report.json").read_text()
    out = tmp_path / "registered"
    assert main(["segment", str(a_study_folder), "-o", str(out), "--model", str(a_bundle), "--register"]) == 0
    assert "Caution (dwi-registered): ADC and HBV were moved" in capsys.readouterr().out


def test_what_is_read_and_written_is_a_remark_beside_the_answer(a_study_folder, a_bundle, tmp_path, capsys):
    command = ["segment", str(a_study_folder), "-o", str(tmp_path / "out"), "--model", str(a_bundle), "--psa", "6.2"]
    assert main(command) == 0
    loud = capsys.readouterr()
    assert "T2W: " in loud.err
    assert "Results are in" in loud.err
    assert main([*command, "--quiet"]) == 0
    quiet = capsys.readouterr()
    assert (quiet.out, quiet.err) == (loud.out, "")
    assert "Caution (noise)" in quiet.out
    assert "T2W: " not in quiet.out
    assert "Results are in" not in quiet.out


@pytest.mark.fault("a prompt with an unknown word", "the word and what is known, before the study is read")
def test_an_unknown_word_is_refused_before_the_study_is_read(tmp_path, capsys):
    """The folder is not there, which would be said if it were looked for; the starter model knows its words."""
    command = ["segment", str(tmp_path / "study"), "-o", str(tmp_path / "out"), "--prompt", "qwertz at the apex"]
    assert main(command) == 2
    assert "The word 'qwertz' of the prompt is unknown" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there_is_told_from_one_without_a_result(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for command in (["gate"], ["export", "-o", str(tmp_path / "dicom")]):
        assert main([*command, str(tmp_path / "none")]) == 2
        assert "does not exist" in capsys.readouterr().err
        assert main([*command, str(tmp_path / "empty")]) == 2
        assert "There is no report.json" in capsys.readouterr().err
