"""A run that fits the time there is: the epochs that fit, a run that goes on as it began, the command the whole way."""

from dataclasses import replace
from pathlib import Path

import pytest

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.training import budget
from ProstateAlignRefineLib.training.budget import fitted, joint_epochs, seconds_a_step
from ProstateAlignRefineLib.training.cases import Cases
from ProstateAlignRefineLib.training.config import TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.trainer import Trainer
from Training.runs import log_of, write_config
from Training.settings import CPU


def test_as_many_epochs_as_four_fifths_of_the_time_hold_less_the_refiners(tiny_config: TrainingConfig) -> None:
    schedule = replace(tiny_config.schedule, iterations=10, refiner_epochs=3, whole_region_epochs=0)
    config = replace(tiny_config, schedule=schedule)
    assert joint_epochs(config, seconds=1000, step=2.0) == 40 - 3
    assert joint_epochs(config, seconds=1000, step=0.5) == 160 - 3


@pytest.mark.parametrize("seconds", [70.0, -5.0])
def test_a_time_that_is_too_short_is_said(seconds: float, tiny_config: TrainingConfig) -> None:
    with pytest.raises(InputError, match=r"A step takes 10 s here.*give more --minutes"):
        joint_epochs(tiny_config, seconds, step=10.0)


def test_steps_are_timed_and_leave_a_new_trainer_as_it_was(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    trainers = [Trainer(tiny_config, tiny_cases, text, CPU, tmp_path) for _ in range(2)]
    assert 0 < seconds_a_step(trainers[0]) < 30
    again = Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)
    first, second = (next(iter(one.network.parameters())) for one in (trainers[1], again))
    assert first.equal(second)


def test_the_command_trains_what_fits(
    tiny_config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule = replace(tiny_config.schedule, refiner_epochs=1, joint_epochs=50)
    config = write_config(replace(tiny_config, schedule=schedule), tmp_path / "tiny.toml")
    monkeypatch.setattr(budget, "seconds_a_step", lambda _trainer: 70.0)  # of 2 steps an epoch, 480 s are used
    options = ["--minutes", "10", "--device", "cpu", "--precision", "fp32"]
    assert cli.main(["train", "--config", str(config), "-o", str(tmp_path / "run"), *options]) == 0
    assert "3 epochs fit into 10 minutes." in capsys.readouterr().err
    assert len(log_of(tmp_path / "run")) == 3
    assert load_bundle(tmp_path / "run" / "bundle").config.name == tiny_config.name


def test_a_run_that_began_keeps_its_epochs(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = replace(tiny_config, schedule=replace(tiny_config.schedule, joint_epochs=2, refiner_epochs=1))
    Trainer(begun, tiny_cases, text, CPU, tmp_path).train()
    monkeypatch.setattr(budget, "seconds_a_step", lambda _trainer: pytest.fail("timed again"))
    other = replace(begun, schedule=replace(begun.schedule, joint_epochs=77))
    assert fitted(Trainer(other, tiny_cases, text, CPU, tmp_path), 1.0) == begun


def test_the_preset_for_a_gpu_trains_the_starters_network_on_more() -> None:
    gpu, starter = read_training_config("starter-gpu"), read_training_config("starter")
    for part in ("architecture", "preprocessing", "inference", "text", "bundle"):
        assert getattr(gpu, part) == getattr(starter, part), part
    assert gpu.loss.segmentation == starter.loss.segmentation
    assert gpu.augmentation.rescalings == starter.augmentation.rescalings
    assert gpu.augmentation.modality_dropout[0] < starter.augmentation.modality_dropout[0]
    assert gpu.schedule.batch_size > starter.schedule.batch_size
    assert gpu.schedule.patch_size == starter.schedule.patch_size


def test_a_file_may_say_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "starter"\nname = "mine"\n[loss.segmentation]\nalpha = 0.4\n')
    mine, starter = read_training_config(str(tmp_path / "mine.toml")), read_training_config("starter")
    segmentation = replace(starter.loss.segmentation, alpha=0.4)
    assert mine == replace(starter, name="mine", loss=replace(starter.loss, segmentation=segmentation))


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ('"nothing"', "one of: ours, paper, starter, starter-gpu"),
        ('"../presets/starter"', "one of: ours, paper, starter, starter-gpu"),
        ("3", "must be a preset's name or a file's"),
    ],
)
def test_what_cannot_be_extended_is_refused(base: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f"extends = {base}\n")
    with pytest.raises(InputError, match=said):
        read_training_config(str(tmp_path / "mine.toml"))
