"""Every network goes through the trainer: its own phases, a resumable run, predictions that `evaluate` reads."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.network.baselines import PARTS, NetworkKind
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.loading import reads_whole_regions
from ProstateAlignRefineLib.training.mirrored_text import encode_training_text
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from ProstateAlignRefineLib.training.trainer import Trainer
from Training.runs import log_of, write_config

CPU = ("--device", "cpu", "--precision", "fp32")


def of(kind: NetworkKind, config: TrainingConfig) -> TrainingConfig:
    """The same run of another network. 40 voxels wide, for SwinUNETR; four features, for the paper's four heads."""
    return replace(
        config,
        name=kind,
        network=kind,
        text=replace(config.text, tokens="pooled" if kind == "paper_refiner" else "all"),
        architecture=replace(config.architecture, anatomy=False),
        schedule=replace(
            config.schedule,
            iterations=1,
            batch_size=1,
            patch_size=(14, 32, 40),
            joint_epochs=2,
            refiner_epochs=1,
            warmup_epochs=0,
            validate_every=2,
        ),
    )


@pytest.fixture(scope="module")
def kept(tiny_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    prepare_phantoms(of("ours", tiny_config), folder, workers=1)
    return folder


@pytest.mark.parametrize("kind", get_args(NetworkKind))
def test_a_network_goes_from_its_configuration_to_figures(
    kind: NetworkKind, tiny_config: TrainingConfig, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    config = write_config(of(kind, tiny_config), tmp_path / "config.toml")
    assert cli.main(["train", "--config", str(config), "-o", str(run), "--cases", str(kept), *CPU]) == 0
    log, parts = log_of(run), PARTS[kind]
    assert [row["phase"] == "refiner" for row in log] == [False, False, *([True] if parts.refiner else [])]
    assert ("auxiliary" in {row["phase"] for row in log}) == parts.text
    assert all((row["alignment"] != "") == (parts.text and row["phase"] != "refiner") for row in log)
    assert (run / "bundle").is_dir() == parts.bundled
    assert parts.bundled or "makes no bundle" in capsys.readouterr().err
    test = run / "test"
    assert (test / "without-refiner").is_dir() == parts.refiner
    folders = ["--predictions", str(test / "predictions"), "--references", str(test / "references")]
    assert cli.main(["evaluate", *folders, "-o", str(tmp_path / "figures"), "--resamples", "2"]) == 0
    system = json.loads((tmp_path / "figures" / "evaluation.json").read_text())["systems"][0]
    assert system["figures"]["ECE"]["value"] is not None  # probabilities, not masks
    if parts.bundled:
        assert load_bundle(run / "bundle").config.architecture.similarity.levels == ((1,) if kind == "ours" else (2,))


def test_a_network_of_others_resumes_on_the_same_curve(
    tiny_config: TrainingConfig, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(of("segresnet", tiny_config), tmp_path / "config.toml")
    command = ["train", "--config", str(config), "--cases", str(kept), *CPU, "-o"]
    epoch = Trainer._epoch

    def stopped(self: Trainer, number: int, *rest: object) -> object:
        if number == 1:
            raise KeyboardInterrupt
        return epoch(self, number, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "_epoch", stopped)
    with pytest.raises(KeyboardInterrupt):
        cli.main([*command, str(tmp_path / "stopped")])
    monkeypatch.setattr(Trainer, "_epoch", epoch)
    assert cli.main([*command, str(tmp_path / "stopped")]) == 0
    assert cli.main([*command, str(tmp_path / "whole")]) == 0
    assert log_of(tmp_path / "stopped") == log_of(tmp_path / "whole")


def test_another_network_does_not_resume_the_run(
    tiny_config: TrainingConfig, tiny_cases: Cases, tmp_path: Path
) -> None:
    compute = Compute(torch.device("cpu"), "fp32")
    one, other = of("unetr", tiny_config), of("segresnet", tiny_config)
    Trainer(one, tiny_cases, encode_training_text(one.text), compute, tmp_path)._save()
    with pytest.raises(InputError, match="another configuration"):
        Trainer(other, tiny_cases, encode_training_text(other.text), compute, tmp_path).train()


def test_the_papers_refiner_is_refused_more_than_its_one_token(tiny_config: TrainingConfig) -> None:
    with pytest.raises(InputError, match="one token"):
        replace(of("paper_refiner", tiny_config), text=tiny_config.text)


def test_whole_regions_are_for_networks_that_can_read_them(tiny_config: TrainingConfig) -> None:
    for kind, parts in PARTS.items():
        assert reads_whole_regions(of(kind, tiny_config), 1) == parts.any_size


def test_whole_regions_are_read_in_the_last_joint_epochs_and_by_the_refiner(tiny_config: TrainingConfig) -> None:
    schedule = replace(tiny_config.schedule, joint_epochs=5, refiner_epochs=2, whole_region_epochs=2)
    config = replace(tiny_config, schedule=schedule)
    assert [reads_whole_regions(config, epoch) for epoch in range(7)] == [False] * 3 + [True] * 4
    none = replace(config, schedule=replace(schedule, whole_region_epochs=0))
    assert not any(reads_whole_regions(none, epoch) for epoch in range(7))
