"""`train` by the command line: from a file to a bundle, killed and resumed, and shared by two processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.bundle.engine_files import has_engine_files
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.network.network import AlignRefineNetwork
from ProstateAlignRefineLib.training import engine_files
from ProstateAlignRefineLib.training.config import TrainingConfig, read_training_config
from ProstateAlignRefineLib.training.cost import HALF, WORKSPACE_BYTES, cost_of
from ProstateAlignRefineLib.training.manifest import FORMAT_VERSION, Manifest, ManifestCase, write_manifest
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from Training.runs import log_of, start_training, write_config

PATIENCE_S = 240
CASE = ManifestCase("a", "a", {}, {}, "own", {}, positive=True, isup=None, fold=0, notes=())
CPU = ("--device", "cpu", "--precision", "fp32")
TWO_PROCESSES = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def kept_cases(tiny_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny configuration's phantoms, made once for all runs."""
    folder = tmp_path_factory.mktemp("kept")
    prepare_phantoms(tiny_config, folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def whole_run(tiny_config: TrainingConfig, kept_cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole")
    config = write_config(tiny_config, run / "tiny.toml")
    options = ["--cases", str(kept_cases), "--device", "cpu", "--precision", "fp32"]
    assert cli.main(["train", "--config", str(config), "-o", str(run / "run"), *options]) == 0
    return run / "run"


def test_a_configuration_becomes_a_bundle(whole_run: Path, tiny_config: TrainingConfig) -> None:
    assert load_bundle(whole_run / "bundle").config.name == tiny_config.name
    assert len(log_of(whole_run)) == tiny_config.schedule.joint_epochs + tiny_config.schedule.refiner_epochs
    hidden = [path.name for path in whole_run.iterdir() if path.name.startswith(".")]
    assert all(name.endswith(".prostate-align-refine.json") for name in hidden), "nothing half-written"


def test_a_bundle_is_there_also_where_it_cannot_do_without_torch(
    whole_run: Path,
    tiny_config: TrainingConfig,
    kept_cases: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The run that is done, completed once more."""
    config, run = write_config(tiny_config, tmp_path / "tiny.toml"), tmp_path / "run"
    shutil.copytree(whole_run, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_files, "MARGIN_TOLERANCE", -1.0)
        patch.setattr(engine_files, "SEEDS", (61,))
        assert cli.main(["train", "--config", str(config), "-o", str(run), "--cases", str(kept_cases), *CPU]) == 0
    said = capsys.readouterr().err
    assert "The bundle runs with torch as before." in said
    assert "The bundle is in " in said
    assert not has_engine_files(load_bundle(run / "bundle").config.files)


@pytest.mark.parametrize(
    ("preset", "options", "says"),
    [("starter", ["--data", "somewhere"], "leave it out"), ("nothing", [], "ours, paper, starter")],
)
def test_what_does_not_fit_is_said(
    preset: str, options: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--config", preset, "-o", str(tmp_path), *options]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.fault("`train` with a configuration, data set, fold, text or start that is not there", "said at once")
def test_what_is_not_there_is_said_before_torch_is_loaded_and_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    manifest = Manifest(FORMAT_VERSION, "", "", 2, "", "", "", False, (CASE, replace(CASE, name="b", fold=1)), ())
    write_manifest(manifest, tmp_path / "data")
    ours = ("--config", "ours", "--data", str(tmp_path / "data"))
    wrong = {
        ("--config", "nothing"): "ours, paper, starter",
        ("--config", "ours"): "name the folder that prepare made with --data",
        ("--config", "ours", "--data", str(tmp_path)): "holds no manifest.json",
        ("--config", "starter", "--data", str(tmp_path)): "leave it out",
        (*ours, "--set", "schedule.epochs=3"): "did you mean schedule.",
        (*ours, "--set", "data.test_fold=5"): "no fold 5, but 0, 1",
        (*ours, "--text", "none.npz"): "none.npz",
        (*ours, "--set", "text.encoder=local-dir:none"): "folder 'none' does not exist",
        (*ours, "--from", "none"): "not a model bundle",
    }
    code = f"""
import sys
from ProstateAlignRefineLib import cli
codes = [cli.main(["train", "-o", {str(tmp_path / "run")!r}, *options]) for options in {list(wrong)!r}]
assert set(codes) == {{2}}, codes
assert "torch" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    for line, says in zip(done.stderr.splitlines(), wrong.values(), strict=True):
        assert says in line
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_presets_are_listed_with_what_they_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--list"]) == 0
    said = capsys.readouterr().out
    rows = {line.split()[0]: line for line in said.splitlines()[1:4]}
    assert set(rows) == {"ours", "paper", "starter"}
    counted = sum(
        weight.numel() for weight in AlignRefineNetwork(read_training_config("starter").architecture).parameters()
    )
    assert f"{counted / 1e6:.1f} M" in rows["starter"]
    assert all(row.count("(est.)") == 2 for row in rows.values())
    assert "estimated, not measured" in said


def test_a_printed_configuration_can_be_trained_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--config", "ours", "--set", "schedule.iterations=100", "--print-config"]) == 0
    (tmp_path / "printed.toml").write_text(capsys.readouterr().out, encoding="utf-8")
    printed = read_training_config(str(tmp_path / "printed.toml"))
    assert printed == read_training_config("ours", ["schedule.iterations=100"])


def test_the_memory_estimate_counts_what_is_kept_for_gradients(tiny_config: TrainingConfig) -> None:
    """On a CPU in fp32 it is what autograd keeps; the estimate for a GPU halves it."""
    patches = replace(tiny_config.schedule, whole_region_epochs=0)
    optimizer = replace(tiny_config.optimizer, kind="sgd", average_decay=0.0)
    config = replace(tiny_config, optimizer=optimizer, schedule=patches)
    larger = replace(config, schedule=replace(config.schedule, batch_size=6))
    small, large = cost_of(config), cost_of(larger)
    weights = small.parameters * 4 * 3
    kept = [cost.gpu_bytes - WORKSPACE_BYTES - weights for cost in (small, large)]
    assert kept[1] == pytest.approx(3 * kept[0], rel=0.05)
    assert large.step_operations == pytest.approx(3 * small.step_operations, rel=0.01)
    network = AlignRefineNetwork(config.architecture)
    first = network.encoders[0](torch.zeros(2, 1, *config.schedule.patch_size, requires_grad=True))
    assert kept[0] > 3 * HALF * 4 * sum(level.numel() for level in first)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_as_if_it_had_not(
    tiny_config: TrainingConfig, kept_cases: Path, whole_run: Path, tmp_path: Path
) -> None:
    config, run = write_config(tiny_config, tmp_path / "tiny.toml"), tmp_path / "run"
    killed = start_training(config, run, "--cases", str(kept_cases))
    deadline = time.monotonic() + PATIENCE_S
    while not log_of(run) and time.monotonic() < deadline and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    done = log_of(run)
    assert 1 <= len(done) < len(log_of(whole_run))
    assert cli.main(["train", "--config", str(config), "-o", str(run), "--cases", str(kept_cases), *CPU]) == 0
    assert log_of(run) == log_of(whole_run)
    assert log_of(run)[: len(done)] == done


@pytest.mark.slow
def test_two_processes_train_as_one_does(tiny_config: TrainingConfig, kept_cases: Path, tmp_path: Path) -> None:
    schedule = replace(tiny_config.schedule, batch_size=4, accumulate=2, whole_region_epochs=0)
    # Unlike Adam's, SGD's steps show a gradient of the wrong size; fast ones would blow up rounding errors.
    optimizer = replace(tiny_config.optimizer, kind="sgd", rate=0.0005)
    # Norms of an untrained network blow a blank channel's rounding errors up to the size of features.
    augmentation = replace(tiny_config.augmentation, modality_dropout=())
    changed = replace(tiny_config, schedule=schedule, optimizer=optimizer, augmentation=augmentation)
    config = write_config(changed, tmp_path / "tiny.toml")
    options = ["--cases", str(kept_cases)]
    shared = start_training(config, tmp_path / "two", *options, launcher=TWO_PROCESSES)
    assert cli.main(["train", "--config", str(config), "-o", str(tmp_path / "one"), *options, *CPU]) == 0
    _, errors = shared.communicate(timeout=PATIENCE_S)
    assert shared.returncode == 0, errors
    one, two = log_of(tmp_path / "one"), log_of(tmp_path / "two")
    assert [row["phase"] for row in two] == [row["phase"] for row in one]
    for alone, together in zip(one, two, strict=True):
        close = 1e-5 if alone["epoch"] == "0" else 3e-4  # rounding errors grow with every step
        # Dropout in the refiner is drawn by each process, so in its phase only what it does not touch is the same.
        names = ("unedited",) if alone["phase"] == "refiner" else ("loss", "segmentation", "alignment", "heatmap")
        for name in names:
            assert float(together[name]) == pytest.approx(float(alone[name]), rel=close), (alone["epoch"], name)
