"""The configuration is typed, whole and strict; the presets are valid."""

from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.training.config import PRESETS, TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.losses import SegmentationLossSettings


@pytest.fixture
def starter_text() -> str:
    return (PRESETS / "starter.toml").read_text()


def read(text: str, folder: Path) -> TrainingConfig:
    (folder / "mine.toml").write_text(text)
    return read_training_config(str(folder / "mine.toml"))


@pytest.mark.parametrize("preset", sorted(path.stem for path in PRESETS.glob("*.toml")))
def test_a_preset_survives_being_written_and_read(preset: str) -> None:
    config = read_training_config(preset)
    assert config.name == preset
    assert TrainingConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed = 0", "seed = 0\nsede = 1", r"sede.*compare it with a preset"),
        ("seed = 0", "", "seed"),
        ("batch_size = 1", 'batch_size = "1"', "batch_size"),
        ('kind = "adamw"', 'kind = "adam"', "sgd"),
        ('kind = "phantoms"', 'kind = "patients"', "dataset"),
        ('region = "dice"', 'region = "lovasz"', "focal_tversky"),
        ("iterations = 40", "iterations = 0", "iterations"),
        ("[data]", "[data", "TOML"),
        ("joint_epochs = 26", "joint_epochs = 1", "whole_region_epochs"),
        ('mirror_axes = ["x"]', 'mirror_axes = ["w"]', "z, y, x"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_sentence(
    old: str, new: str, says: str, starter_text: str, tmp_path: Path
) -> None:
    assert old in starter_text
    with pytest.raises(InputError, match=says) as error:
        read(starter_text.replace(old, new), tmp_path)
    assert str(tmp_path) not in str(error.value)


def test_a_patch_must_fit_the_strides(starter_text: str, tmp_path: Path) -> None:
    parts = starter_text.partition("[schedule]")
    odd = parts[0] + parts[1] + parts[2].replace("patch_size = [24, 96, 96]", "patch_size = [24, 96, 97]")
    with pytest.raises(InputError, match="multiple"):
        read(odd, tmp_path)


def test_the_paper_preset_is_the_published_setting() -> None:
    paper = read_training_config("paper")
    network, loss, schedule, optimizer = paper.architecture, paper.loss, paper.schedule, paper.optimizer
    assert network.features_per_stage == (32, 64, 128, 256, 320, 320, 320)
    assert network.size_divisor == (4, 64, 64)
    assert (network.similarity.levels, network.similarity.temperature, network.similarity.learnable) == ((6,), 1, False)
    assert (network.refiner.dim, network.refiner.heads, network.refiner.positions) == (32, 4, False)
    assert paper.preprocessing.spacing_mm == (3.0, 0.5, 0.5)
    assert loss.segmentation == SegmentationLossSettings("tversky", 0.3, 0.7, 1.0, 1e-5, 0.1, 0.05)
    assert (loss.alignment_weight, loss.heatmap_weight, loss.heatmap) == (0.2, 0.5, "plain")
    assert (optimizer.kind, optimizer.rate, optimizer.weight_decay, optimizer.gradient_clip) == ("sgd", 1e-2, 3e-5, 12)
    assert optimizer.refiner_rate == 5e-4
    assert (schedule.joint_epochs, schedule.iterations, schedule.batch_size) == (650, 300, 2)
    assert (schedule.warmup_epochs, schedule.ramp_epochs, schedule.foreground_share) == (80, 50, 0.66)
    assert schedule.patch_size == (16, 320, 320)
    assert (paper.bundle.tau, paper.bundle.alpha, paper.bundle.confidence) == (0.35, 0.25, "sigmoid_foreground_logit")
    assert (paper.text.prompts, paper.text.tokens) == (("prostate lesion",), "pooled")


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(InputError, match="starter"):
        read_training_config("nothing")
