"""The configuration is typed, whole and strict; the presets are valid."""

from pathlib import Path

import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.training.config import PRESETS, TrainingConfig, read_training_config


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
        ("seed = 0", "seed = 0\nsede = 1", "sede"),
        ("seed = 0", "", "seed"),
        ("batch_size = 2", 'batch_size = "2"', "batch_size"),
        ('kind = "adamw"', 'kind = "adam"', "sgd"),
        ('region = "dice"', 'region = "lovasz"', "focal_tversky"),
        ("iterations = 30", "iterations = 0", "iterations"),
        ("[data]", "[data", "TOML"),
        ("joint_epochs = 40", "joint_epochs = 1", "whole_region_epochs"),
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
    with pytest.raises(InputError, match="multiple"):
        read(
            starter_text.replace("patch_size = [16, 80, 80]\nforeground", "patch_size = [16, 80, 81]\nforeground"),
            tmp_path,
        )


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(InputError, match="starter"):
        read_training_config("nothing")
