"""Folds keep patients together, deal lesions evenly, and are read from the files people have."""

import json
from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.training.splits import deal_folds, pick_patients, read_folds


@pytest.fixture
def studies() -> dict[str, bool]:
    """40 patients, 10 with a lesion; every fourth has a second study without one."""
    first = {f"{patient}_{patient}0": patient % 4 == 0 for patient in range(10, 50)}
    second = {f"{patient}_{patient}1": False for patient in range(10, 50, 4)}
    return first | second


def test_a_patient_lies_in_one_fold_and_lesions_are_dealt_evenly(studies: dict[str, bool]) -> None:
    folds = deal_folds(studies, 5, seed=0)
    assert len({(name.split("_")[0], fold) for name, fold in folds.items()}) == 40
    assert [sum(studies[name] for name in studies if folds[name] == fold) for fold in range(5)] == [2] * 5


def test_folds_follow_the_seed(studies: dict[str, bool]) -> None:
    assert deal_folds(studies, 5, 0) == deal_folds(studies, 5, 0)
    assert deal_folds(studies, 5, 0) != deal_folds(studies, 5, 1)


def test_more_folds_than_patients_are_refused() -> None:
    with pytest.raises(InputError, match="2 patients"):
        deal_folds({"1_1": True, "2_2": False}, 3, 0)


def test_validation_takes_whole_patients_with_and_without_lesions(studies: dict[str, bool]) -> None:
    picked = pick_patients(studies, 0.1, seed=3)
    assert 4 <= len(picked) <= 6
    assert {studies[name] for name in picked} == {True, False}
    rest = {name.split("_")[0] for name in studies.keys() - picked}
    assert not rest & {name.split("_")[0] for name in picked}


def nnunet_file(folder: Path) -> Path:
    path = folder / "splits.json"
    path.write_text(json.dumps([{"train": ["2_1"], "val": ["1_1", "1_2"]}, {"train": ["1_1", "1_2"], "val": ["2_1"]}]))
    return path


def picai_folder(folder: Path) -> Path:
    for number, names in enumerate((["1_1", "1_2"], ["2_1"])):
        (folder / f"ds-config-valid-fold-{number}.json").write_text(json.dumps({"subject_list": names}))
        (folder / f"ds-config-train-fold-{number}.json").write_text(json.dumps({"subject_list": []}))
    return folder


def table(folder: Path) -> Path:
    (folder / "folds.csv").write_text("case,fold\n1_1,0\n1_2,0\n2_1,1\n")
    return folder / "folds.csv"


@pytest.mark.parametrize("write", [nnunet_file, picai_folder, table])
def test_files_of_folds_are_read(write, tmp_path: Path) -> None:
    assert read_folds(write(tmp_path)) == {"1_1": 0, "1_2": 0, "2_1": 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("case,fold\n1_1,0\n1_2,1\n", "Patient 1 lies in several folds"),
        ("case,fold\n1_1,0\n1_1,1\n", "folds 0 and 1"),
        ("name,fold\n1_1,0\n", "columns case and fold"),
        ("case,fold\n1_1,first\n", "whole number"),
    ],
)
def test_folds_that_cannot_be_are_refused(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "folds.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_folds(tmp_path / "folds.csv")
