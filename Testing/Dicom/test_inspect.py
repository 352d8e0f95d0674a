"""What `inspect` shows of a folder."""

import json
import shutil

import pytest
import SimpleITK as sitk

from Dicom.making import change
from host.commands import run_command
from ProstateAlignRefineLib.commands import inspect as command
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study import Modality


def run(*words: object) -> int:
    return run_command(command, *words)


def test_table_names_the_right_three_of_the_real_study(real_dicom, capsys):
    assert run(real_dicom) == 0
    shown = capsys.readouterr().out.splitlines()
    used = {line.split()[0]: line.split()[1] for line in shown if line.startswith(("T2W ", "ADC ", "HBV "))}
    assert used == {"T2W": "4", "ADC": "7", "HBV": "8"}
    assert len([line for line in shown if line.startswith("- ")]) == 6
    assert "ProstateX" not in "\n".join(shown)


def test_json_holds_every_candidate_with_its_reason(study_folder, capsys):
    assert run(study_folder, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["candidates"]) == 3
    assert {name: chosen["series"] for name, chosen in found["chosen"].items()} == {"t2w": [1], "adc": [2], "hbv": [3]}
    assert found["problem"] is None
    assert all(one["reason"] for one in found["candidates"])


def test_user_choice_is_shown(real_dicom, capsys):
    run(real_dicom, "--json", "--t2w-series", 5)
    chosen = json.loads(capsys.readouterr().out)["chosen"]["t2w"]
    why = "series 5 (t2_tse_cor): chosen by the user, although it is coronal."
    assert chosen == {"series": [5], "computed": False, "reason": why}


def test_of_several_b_values_in_the_chosen_series_the_highest_fit_is_taken_and_told(real_dicom, capsys):
    run(real_dicom, "--json", "--hbv-series", 6)
    reason = json.loads(capsys.readouterr().out)["chosen"]["hbv"]["reason"]
    assert reason == "series 6 (ep2d_diff_tra_DYNDIST): chosen by the user, b = 800, although it looks like DWI."


def test_one_volume_for_two_modalities_is_refused(study_folder):
    with pytest.raises(InputError, match=r"series 2 .* would be read as ADC and as HBV; set another series"):
        run(study_folder, "--hbv-series", 2)


def test_computed_maps_are_marked(real_dicom, tmp_path, capsys):
    for series in next(real_dicom.iterdir()).iterdir():
        if series.name.startswith(("4.", "6.")):
            shutil.copytree(series, tmp_path / series.name)
    run(tmp_path, "--json")
    chosen = json.loads(capsys.readouterr().out)["chosen"]
    assert (chosen["adc"]["computed"], chosen["hbv"]["computed"]) == (True, True)
    assert chosen["adc"]["series"] == [6, 6, 6]


def test_faulty_study_is_shown_and_the_fault_said(study_folder, capsys):
    (study_folder / "t2w" / "0005.dcm").unlink()
    (study_folder / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="a slice is missing"):
        run(study_folder)
    shown = capsys.readouterr().out
    assert "cannot be used: a slice is missing" in shown
    assert "passed over: 1 x not a DICOM file" in shown
    run(study_folder, "--json")
    assert "a slice is missing" in json.loads(capsys.readouterr().out)["problem"]


def test_image_files_are_shown_by_name(study, tmp_path, capsys):
    folder = tmp_path / "files"
    folder.mkdir()
    for modality in Modality:
        sitk.WriteImage(study.volume(modality), str(folder / f"11373_1001396_{modality.value}.mha"))
    run(folder)
    assert "ADC: 11373_1001396_adc.mha" in capsys.readouterr().out


def test_absent_folder_and_a_file_are_said(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        run(tmp_path / "absent")
    (tmp_path / "slice.dcm").touch()
    with pytest.raises(InputError, match="is neither a folder nor a zip; give the folder"):
        run(tmp_path / "slice.dcm")


def test_folder_without_images_gets_no_empty_table(tmp_path, capsys):
    with pytest.raises(InputError, match="holds no MR images"):
        run(tmp_path)
    assert capsys.readouterr().out.strip() == ""


def test_control_characters_of_a_description_never_reach_the_screen(study_folder, capsys):
    change(study_folder / "t2w", lambda dataset: setattr(dataset, "SeriesDescription", "t2\x1b[31m red"))
    assert b"\x1b[31m" in (study_folder / "t2w" / "0001.dcm").read_bytes()
    run(study_folder)
    assert "\x1b" not in capsys.readouterr().out
