"""The commands of docs/nnunet.md with the real nnU-Net, in miniature: it plans, trains, predicts; `evaluate` judges."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk

from host.commands import run_command
from ProstateAlignRefineLib.commands import evaluate, export_nnunet, prepare
from ProstateAlignRefineLib.core.study import Modality
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

TRAINER = """
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer


class nnUNetTrainerMiniature(nnUNetTrainer):
    def __init__(self, plans: dict, configuration: str, fold: int, dataset_json: dict, device: torch.device):
        super().__init__(plans, configuration, fold, dataset_json, device)
        self.num_epochs, self.num_iterations_per_epoch, self.num_val_iterations_per_epoch = 2, 3, 1
"""
SAMPLING = Sampling((60, 54, 14), (1.6, 1.7, 3.5))
CASES = 8
LESIONS = "lesion sensitivity"


@pytest.mark.slow
def test_nnunet_trains_on_what_is_exported_and_its_answers_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nnunetv2", reason="nnunetv2 is not installed")
    pytest.importorskip("picai_eval", reason="the extra 'train' is not installed")
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path)
    assert run_command(prepare, "--images", "images", "--labels", "labels", "-o", "dataset") == 0
    assert run_command(export_nnunet, "dataset", "-o", "raw/Dataset101_Prostate", "--config", "ours") == 0
    nnunet("plan_and_preprocess", "-d", "101", "-c", "3d_fullres", "--verify_dataset_integrity")
    exported, preprocessed = (Path(folder) / "Dataset101_Prostate" for folder in ("raw", "pre"))
    splits = (exported / "splits_final.json").read_bytes()
    (preprocessed / "splits_final.json").write_bytes(splits)
    shrink(preprocessed / "nnUNetPlans.json")
    Path("trainers").mkdir()
    Path("trainers/nnUNetTrainerMiniature.py").write_text(TRAINER)
    ours = ("-tr", "nnUNetTrainerMiniature", "-device", "cpu")
    said = nnunet("train", "101", "3d_fullres", "0", *ours)
    (split,) = json.loads(splits)
    assert f"{len(split['train'])} training and {len(split['val'])} validation cases" in said
    files = ("-i", exported / "imagesTs", "-o", "predicted", "-d", "101", "-c", "3d_fullres", "-f", "0")
    nnunet("predict", *files, "--save_probabilities", *ours)
    judged = ("--predictions", "predicted", "--references", exported / "labelsTs", "-o", "figures", "--resamples", 5)
    assert run_command(evaluate, *judged) == 0
    judgement = json.loads(Path("figures/evaluation.json").read_text())["systems"][0]
    assert judgement["figures"][LESIONS]["value"] is not None


def write_dataset(folder: Path) -> None:
    """In PI-CAI's layout; at least one case of each kind."""
    (folder / "labels").mkdir()
    found = set()
    for seed in range(CASES):
        phantom, name = make_phantom(100 + seed, SAMPLING), f"{10000 + seed}_{1000000 + seed}"
        (folder / "images" / str(10000 + seed)).mkdir(parents=True)
        for modality in Modality:
            file = folder / "images" / str(10000 + seed) / f"{name}_{modality.value}.mha"
            sitk.WriteImage(phantom.study.volume(modality), str(file))
        sitk.WriteImage((phantom.truth.lesions > 0) * 3, str(folder / "labels" / f"{name}.nii.gz"))
        found.add(bool(phantom.truth.facts))
    assert found == {True, False}


def shrink(plans: Path) -> None:
    """The network that nnU-Net planned, four features wide."""
    content = json.loads(plans.read_text())
    network = content["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
    network["features_per_stage"] = [4] * network["n_stages"]
    plans.write_text(json.dumps(content))


def nnunet(command: str, *words: object) -> str:
    """What the command of this name said."""
    folders = {"nnUNet_raw": "raw", "nnUNet_preprocessed": "pre", "nnUNet_results": "res"}
    trainers = {"nnUNet_extTrainer": str(Path("trainers").resolve())}
    one_each = {"nnUNet_n_proc_DA": "1", "nnUNet_def_n_proc": "1", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **folders, **trainers, **one_each}
    script = Path(sys.executable).with_name(f"nnUNetv2_{command}")
    line = [script, *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
