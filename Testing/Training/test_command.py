"""`train` by the command line: from a file to a bundle, killed and resumed, and shared by two processes."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ProstateAlignRefineLib import cli
from ProstateAlignRefineLib.network.bundle import load_bundle
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.phantoms import prepare_phantoms
from Training.runs import log_of, start_training, write_config

PATIENCE_S = 240
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


@pytest.mark.parametrize(
    ("preset", "options", "says"),
    [("starter", ["--data", "somewhere"], "leave it out"), ("nothing", [], "ours, paper, starter")],
)
def test_what_does_not_fit_is_said(
    preset: str, options: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--config", preset, "-o", str(tmp_path), *options]) == 2
    assert says in capsys.readouterr().err


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
        close = 1e-5 if alone["epoch"] == "0" else 1e-4  # rounding errors grow with every step
        # Dropout in the refiner is drawn by each process, so in its phase only what it does not touch is the same.
        names = ("unedited",) if alone["phase"] == "refiner" else ("loss", "segmentation", "alignment", "heatmap")
        for name in names:
            assert float(together[name]) == pytest.approx(float(alone[name]), rel=close), (alone["epoch"], name)
