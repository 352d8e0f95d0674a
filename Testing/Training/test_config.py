"""The configuration is typed, whole and strict; the presets are valid."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.network.baselines import built_architecture
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.training.config import DatasetData, TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.configuration_file import PRESETS, as_toml
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
        (r"^seed = \d+", "seed = 0\nsede = 1", r"sede.*compare it with a preset"),
        (r"^seed = \d+", "", "seed"),
        (r"^batch_size = \d+", 'batch_size = "1"', "batch_size"),
        (r"^network = .*", 'network = "nonet"', "paper_refiner, paper_text"),
        (r"^network = .*", "", "network"),
        (r"^mirror_axes = \[\]", 'mirror_axes = ["x", "x"]', "distinct"),
        (r"^kind = \"adamw\"", 'kind = "adam"', "sgd"),
        (r"^kind = \"phantoms\"", 'kind = "patients"', "dataset"),
        (r"^region = .*", 'region = "lovasz"', "focal_tversky"),
        (r"^iterations = \d+", "iterations = 0", "iterations"),
        (r"^modality_dropout = .*", "modality_dropout = [0.1, 0.1]", "one share for each channel"),
        (r"^modality_dropout = .*", "modality_dropout = [0.5, 0.5, 0.1]", "at most 1"),
        (r"^\[data\]", "[data", "TOML"),
        (r"^whole_region_epochs = \d+", "whole_region_epochs = 999", "whole_region_epochs"),
        (r"^    \{ scale = \[0\.87.*\n", "", "one entry for each of architecture.channels"),
        (r"^mirror_axes = \[\"x\"\]", 'mirror_axes = ["w"]', "z, y, x"),
        (r"^channels = .*", 'channels = ["ADC", "T2W", "HBV"]', "T2W must be the first"),
        (r"^patch_size = .*", "patch_size = [24, 96, 97]", "multiple"),
    ],
)
def test_a_wrong_configuration_is_refused_in_one_sentence(
    old: str, new: str, says: str, starter_text: str, tmp_path: Path
) -> None:
    changed, count = re.subn(old, new, starter_text, flags=re.MULTILINE)
    assert count
    with pytest.raises(InputError, match=says) as error:
        read(changed, tmp_path)
    assert str(tmp_path) not in str(error.value)


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
    assert (paper.network, built_architecture(paper.network, network)) == ("paper_refiner", network)
    assert (paper.inference.tiles, paper.inference.mirror_axes) == ("always", ("z", "y", "x"))
    assert (paper.text.prompts, paper.text.tokens) == (("prostate lesion",), "pooled")


@pytest.mark.parametrize("preset", ["paper", "ours"])
def test_a_presets_network_can_be_built(preset: str) -> None:
    with torch.device("meta"):
        network = AlignRefineNetwork(read_training_config(preset).architecture)
    assert 50e6 < sum(parameter.numel() for parameter in network.parameters()) < 300e6


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(InputError, match="starter"):
        read_training_config("nothing")


def test_a_file_that_extends_a_preset_states_only_what_differs(tmp_path: Path) -> None:
    config = read('extends = "ours"\nname = "mine"\n[schedule]\niterations = 7\n', tmp_path)
    ours = read_training_config("ours")
    assert (config.name, config.schedule.iterations) == ("mine", 7)
    assert replace(config, name="ours", schedule=ours.schedule) == ours
    (tmp_path / "next.toml").write_text('extends = "mine.toml"\nseed = 4\n')
    assert read_training_config(str(tmp_path / "next.toml")) == replace(config, seed=4)


def test_another_optimizer_keeps_the_other_entries_of_its_table(tmp_path: Path) -> None:
    config = read('extends = "ours"\n[optimizer]\nkind = "adamw"\nrate = 0.001\n', tmp_path)
    assert config.optimizer == replace(read_training_config("ours").optimizer, kind="adamw", rate=0.001)


def test_another_kind_of_data_replaces_the_whole_table(tmp_path: Path) -> None:
    data = '[data]\nkind = "dataset"\ntest_fold = 1\nvalidation_share = 0.2\n'
    config = read(f'extends = "starter"\n{data}', tmp_path)
    assert config.data == DatasetData("dataset", 1, 0.2)
    assert config.architecture == read_training_config("starter").architecture


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('extends = "mine.toml"\n')
    with pytest.raises(InputError, match="extends itself"):
        read('extends = "other.toml"\n', tmp_path)
    with pytest.raises(InputError, match=r"'none\.toml' does not exist"):
        read('extends = "none.toml"\n', tmp_path)


def test_single_entries_can_be_set() -> None:
    changes = ["schedule.iterations=100", "name=mine", "text.prompts=['one', 'two']", "augmentation.mirror = 0.25"]
    config = read_training_config("ours", changes)
    assert (config.schedule.iterations, config.name) == (100, "mine")
    assert (config.text.prompts, config.augmentation.mirror) == (("one", "two"), 0.25)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("schedule.iteration=5", r"did you mean schedule\.iterations"),
        ("weather=fine", "TABLE.ENTRY=VALUE"),
        ("seed.more=1", "changes nothing"),
        ("seed=many", "of type int"),
        ("bundle.tau=[" * 60, "changes nothing|of type"),
    ],
)
def test_what_cannot_be_set_is_said(change: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_training_config("ours", [change])


@pytest.mark.parametrize("preset", ["ours", "paper", "starter"])
def test_a_printed_configuration_reads_back_the_same(preset: str, tmp_path: Path) -> None:
    config = read_training_config(preset)
    assert read(as_toml(config.to_dict()), tmp_path) == config


@pytest.mark.parametrize("word", ["notice", "training_data", "licence", "intended_use"])
def test_what_the_run_tells_cannot_be_written_into_a_configuration(word: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"bundle\.{word}, .* follows from what the run reads"):
        read(f'extends = "starter"\n[bundle]\n{word} = "trained on synthetic images only"\n', tmp_path)


def test_a_configuration_is_read_without_torch() -> None:
    code = "import sys; from ProstateAlignRefineLib.training.configuration_file import read_configuration as read; "
    code += "read('ours', ['seed=1']); assert 'torch' not in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
