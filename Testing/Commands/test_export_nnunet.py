"""The exported dataset, read by nnU-Net's own check where nnunetv2 is installed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib.commands import evaluate, export_nnunet
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.geometry import Grid, to_array, to_image
from ProstateAlignRefineLib.training.manifest import write_manifest
from ProstateAlignRefineLib.training.prepare import RawDataset, prepare

PATIENTS = 6


@pytest.fixture
def a_dataset(a_study_folder: Path, tmp_path: Path) -> Path:
    """Six patients in PI-CAI's layout, three with a lesion of grade 3, prepared with three folds."""
    images, labels = tmp_path / "images", tmp_path / "labels"
    labels.mkdir()
    grid = Grid.of(sitk.ReadImage(str(a_study_folder / "a_t2w.mha")))
    for patient in range(PATIENTS):
        (images / str(patient)).mkdir(parents=True)
        for name in ("t2w", "adc", "hbv"):
            shutil.copy(a_study_folder / f"a_{name}.mha", images / str(patient) / f"{patient}_1_{name}.mha")
        mask = np.zeros(grid.shape, np.uint8)
        mask[4:7, 20:30, 20 : 30 + patient] = 3 * (patient % 2)
        sitk.WriteImage(to_image(mask, grid), str(labels / f"{patient}_1.nii.gz"))
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    write_manifest(prepare(RawDataset(images, labels, folds=3)), dataset)
    return dataset


@pytest.fixture
def exported(a_dataset: Path, tmp_path: Path) -> Path:
    out = tmp_path / "nnUNet_raw" / "Dataset101_Prostate"
    assert run_command(export_nnunet, a_dataset, "-o", out) == 0
    return out


def test_nnunets_own_check_finds_nothing_wrong(exported: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("nnunetv2", reason="nnunetv2 is not installed")
    from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity

    verify_dataset_integrity(str(exported), num_processes=1)
    said = capfd.readouterr().out
    assert "Done" in said
    assert "Error" not in said
    assert "mismatch" not in said


def test_channels_lie_on_the_t2w_grid_and_labels_are_zero_and_one(exported: Path, a_study_folder: Path) -> None:
    t2w = sitk.ReadImage(str(a_study_folder / "a_t2w.mha"))
    for number in range(3):
        image = sitk.ReadImage(str(exported / "imagesTr" / f"3_1_{number:04d}.nii.gz"))
        assert Grid.of(image).matches(Grid.of(t2w))
    np.testing.assert_array_equal(
        to_array(sitk.ReadImage(str(exported / "imagesTr" / "3_1_0000.nii.gz"))), to_array(t2w)
    )
    label = to_array(sitk.ReadImage(str(exported / "labelsTr" / "3_1.nii.gz")))
    assert label.sum() == 3 * 10 * 13
    assert set(np.unique(label)) == {0, 1}


def test_folds_are_the_datasets(exported: Path, a_dataset: Path) -> None:
    folds = {case["name"]: case["fold"] for case in json.loads((a_dataset / "manifest.json").read_text())["cases"]}
    splits = json.loads((exported / "splits_final.json").read_text())
    assert len(splits) == 3
    for fold, split in enumerate(splits):
        assert {folds[name] for name in split["val"]} == {fold}
        assert sorted(split["train"] + split["val"]) == sorted(folds)
    content = json.loads((exported / "dataset.json").read_text())
    assert content["numTraining"] == PATIENTS
    assert content["channel_names"] == {"0": "T2W", "1": "ADC", "2": "HBV"}


def test_a_configuration_gives_its_own_split(a_dataset: Path, tmp_path: Path) -> None:
    from ProstateAlignRefineLib.training.config import read_training_config
    from ProstateAlignRefineLib.training.dataset import split_cases
    from ProstateAlignRefineLib.training.manifest import read_manifest

    out = tmp_path / "Dataset102_Prostate"
    assert run_command(export_nnunet, a_dataset, "-o", out, "--config", "ours") == 0
    parts = split_cases(read_manifest(a_dataset), read_training_config("ours"))
    training, validation, test = (sorted(case.name for case in part) for part in parts)
    (split,) = json.loads((out / "splits_final.json").read_text())
    assert (sorted(split["train"]), sorted(split["val"])) == (training, validation)
    assert sorted(path.name.removesuffix(".nii.gz") for path in (out / "labelsTs").iterdir()) == test
    assert len(list((out / "imagesTs").iterdir())) == 3 * len(test)
    assert json.loads((out / "dataset.json").read_text())["numTraining"] == len(training) + len(validation)


def test_predictions_under_nnunets_names_come_back_through_evaluate(exported: Path, tmp_path: Path) -> None:
    pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")
    out = tmp_path / "report"
    labels = exported / "labelsTr"
    assert run_command(evaluate, "--predictions", labels, "--references", labels, "-o", out, "--resamples", "5") == 0
    figures = json.loads((out / "evaluation.json").read_text())["systems"][0]["figures"]
    assert figures["Dice, positives"]["value"] == 1.0
    assert figures["AUROC"]["value"] == 1.0


def test_a_file_changed_since_is_refused_and_nothing_is_left(a_dataset: Path, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "labels" / "1_1.nii.gz", tmp_path / "labels" / "2_1.nii.gz")
    out = tmp_path / "Dataset101_Prostate"
    with pytest.raises(InputError, match="Case 2_1: label is missing or has changed"):
        run_command(export_nnunet, a_dataset, "-o", out)
    assert not out.exists()


def test_names_that_nnunet_does_not_know_are_refused(a_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Dataset101_Prostate"):
        run_command(export_nnunet, a_dataset, "-o", tmp_path / "prostate")
