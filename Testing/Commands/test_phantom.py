import json
import re

import numpy as np
import pytest
import SimpleITK as sitk

from ProstateAlignRefineLib.cli import main
from ProstateAlignRefineLib.commands.demo import SEED, comparison
from ProstateAlignRefineLib.core.geometry import Grid
from ProstateAlignRefineLib.dicom import load_study
from ProstateAlignRefineLib.phantom.generate import draw_patient


@pytest.fixture(scope="module")
def a_phantom(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom") / "study"
    assert main(["phantom", "-o", str(folder), "--seed", "3"]) == 0
    return folder


def test_the_dicom_study_and_its_truth_share_the_t2w_grid(a_phantom):
    study = load_study(a_phantom / "dicom")
    truth = sitk.ReadImage(str(a_phantom / "truth" / "lesions.nii.gz"))
    assert study.grid.matches(Grid.of(truth), tolerance_mm=1e-2)
    assert not study.grid.matches(Grid.of(study.adc))
    facts = json.loads((a_phantom / "truth" / "truth.json").read_text())["lesions"]
    assert len(facts) == sitk.GetArrayFromImage(truth).max()


def test_the_same_seed_writes_the_same_study(a_phantom, tmp_path):
    again = tmp_path / "again"
    assert main(["phantom", "-o", str(again), "--seed", "3"]) == 0
    for path in sorted(a_phantom.rglob("*.dcm")):
        assert (again / path.relative_to(a_phantom)).read_bytes() == path.read_bytes()


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.docx").touch()
    assert main(["phantom", "-o", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_the_demo_has_lesions_to_find():
    assert draw_patient(SEED).lesions


def test_the_demo_segments_its_study_and_finds_its_lesions(tmp_path, capsys):
    """With the starter model, as README's first command runs it."""
    assert main(["demo", "-o", str(tmp_path / "demo")]) == 0
    said = capsys.readouterr().out
    assert len(re.findall(r"true lesion \d+: finding \d+, Dice 0\.[5-9]", said)) == len(draw_patient(SEED).lesions)
    assert (tmp_path / "demo" / "results" / "overview.png").is_file()


def test_the_demo_names_what_was_found_missed_and_invented():
    truth, found = np.zeros((3, 10, 10), np.uint8), np.zeros((3, 10, 10), np.uint8)
    truth[1, 1:3, 1:3], truth[1, 7:9, 7:9] = 1, 2
    found[1, 1:3, 1:3], found[0, 5, 0] = 2, 1
    text = comparison(found, truth)
    assert "true lesion 1: finding 2, Dice 1.00" in text
    assert "true lesion 2: not found" in text
    assert "findings where no lesion is: 1" in text
