"""A run can be watched: figures and pictures in TensorBoard, MLflow and Weights & Biases, all on this machine."""

import getpass
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.palette import LESION_RGB
from ProstateAlignRefineLib.training.cases import Cases, CaseShare
from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.log import write_log
from ProstateAlignRefineLib.training.mirrored_text import TrainingText
from ProstateAlignRefineLib.training.steps import Stepper
from ProstateAlignRefineLib.training.tracking.logger import TrackedRun, loggers, require_places
from ProstateAlignRefineLib.training.tracking.pictures import TITLE_PX, draw_cases
from ProstateAlignRefineLib.training.trainer import Row, Trainer
from Training.runs import log_of
from Training.settings import CPU

BOTH_EPOCHS = {"auxiliary_scale": 0.0, "base_rate": 1e-3, "refiner_rate": 0.0, "loss": 0.5, "seconds": 9.0}
WITHOUT = "the extras 'mlflow' and 'wandb' are not installed"
PICTURE = "validation_1"


@dataclass(frozen=True)
class Watched:
    folder: Path
    history: list[Row]
    status_when_killed: str


def client_of(folder: Path):
    mlflow = pytest.importorskip("mlflow", reason=WITHOUT)
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow' / 'mlflow.db'}")
    return client, client.search_runs([client.get_experiment_by_name("prostate-align-refine").experiment_id])


@pytest.fixture(scope="module")
def watched(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path_factory: pytest.TempPathFactory
) -> Watched:
    """A run of two epochs in all three places, killed in the second and gone on with."""
    for package in ("mlflow", "wandb"):
        pytest.importorskip(package, reason=WITHOUT)
    folder, taken = tmp_path_factory.mktemp("watched"), 0
    schedule = replace(tiny_config.schedule, joint_epochs=1, refiner_epochs=1, whole_region_epochs=0)
    config, step = replace(tiny_config, schedule=schedule), Stepper.step

    def step_or_die(self: Stepper, *arguments: object) -> object:
        nonlocal taken
        taken += 1
        if taken == config.schedule.iterations + 1:
            raise KeyboardInterrupt
        return step(self, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stepper, "step", step_or_die)
        with pytest.raises(KeyboardInterrupt):
            Trainer(config, tiny_cases, text, CPU, folder, track=("mlflow", "wandb")).train()
        _, (killed,) = client_of(folder)
        again = Trainer(config, tiny_cases, text, CPU, folder, track=("mlflow", "wandb"))
        again.train()
    return Watched(folder, again.history, killed.info.status)


def test_every_part_of_the_losses_is_a_column_of_the_log(tmp_path):
    """Of an epoch that lacks it, the field is empty."""
    joint = {"epoch": 0, "phase": "joint", **BOTH_EPOCHS, "segmentation": 0.25, "lesions": 0.75, "new": 2.5}
    refiner = {"epoch": 1, "phase": "refiner", **BOTH_EPOCHS, "segmentation": 0.125, "unedited": 0.5}
    write_log([joint, {**refiner, "average_dice": 0.1}], tmp_path)
    first, second = log_of(tmp_path)
    names = ("segmentation", "lesions", "unedited", "new", "average_dice")
    assert [first[name] for name in names] == ["0.25", "0.75", "", "2.5", ""]
    assert [second[name] for name in names] == ["0.125", "", "0.5", "", "0.1"]


def test_mlflow_holds_one_run_with_every_figure_and_picture(watched: Watched) -> None:
    client, (run,) = client_of(watched.folder)
    assert (watched.status_when_killed, run.info.status) == ("KILLED", "FINISHED")
    assert run.data.params["schedule.iterations"] == "2"
    for name in ("loss", "validation_dice", "validation_base_dice"):
        logged = client.get_metric_history(run.info.run_id, name)
        assert [metric.step for metric in logged] == [0, 1]
        assert [metric.value for metric in logged] == pytest.approx([row[name] for row in watched.history])
    pictures = [path.name for path in (watched.folder / "mlflow" / "artifacts").rglob("*.png")]
    assert sum(name.startswith(PICTURE) for name in pictures) == 2
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_wandb_holds_them_offline_and_nothing_of_the_machine(watched: Watched) -> None:
    runs = sorted((watched.folder / "wandb").glob("offline-run-*"))
    assert len({run.name.rpartition("-")[2] for run in runs}) == 1
    records = b"".join(path.read_bytes() for run in runs for path in run.glob("*.wandb"))
    assert b"validation_base_dice" in records
    assert not [
        word for word in (str(watched.folder), sys.executable, getpass.getuser() + "@") if word.encode() in records
    ]
    assert not list((watched.folder / "wandb").rglob("wandb-metadata.json"))
    assert sum(len(list(run.rglob(f"{PICTURE}*.png"))) for run in runs) == 2


def test_tensorboard_has_the_pictures(watched: Watched) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(watched.folder / "tensorboard"), {"images": 0}).Reload()
    assert [event.step for event in events.Images(PICTURE)] == [0, 1]


def test_a_picture_shows_the_lesion_and_three_maps(
    tiny_config: TrainingConfig, tiny_cases: Cases, text: TrainingText, tmp_path: Path
) -> None:
    trainer = Trainer(tiny_config, tiny_cases, text, CPU, tmp_path)
    (case,) = tiny_cases.validation
    share = CaseShare.of([replace(case, lesions=case.lesions * 0), case, case])
    pictures = draw_cases(trainer.bundle(trainer.network), share, CPU)
    assert list(pictures) == ["validation_1", "validation_2"]
    picture = pictures[PICTURE]
    width = picture.shape[1] // 4
    times = width // case.lesions.shape[2]
    tiles = [picture[TITLE_PX::times, n * width : (n + 1) * width : times] for n in range(4)]
    lesion = max(case.lesions, key=np.count_nonzero) > 0
    for tile in tiles:
        edge = (tile == LESION_RGB).all(axis=-1)
        assert edge.any()
        assert not (edge & ~lesion).any()
    assert all((tiles[0] != tile).any() for tile in tiles[1:])


@pytest.mark.parametrize("place", ["paper", "wandb=http://somewhere"])
def test_an_unknown_place_is_named(place: str) -> None:
    with pytest.raises(InputError, match="is unknown; name mlflow, wandb, or mlflow=URI"):
        require_places([place])


def test_a_store_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason=WITHOUT)
    run = TrackedRun(tmp_path, "name", {}, 0)
    with pytest.raises(InputError, match="MLflow store cannot be used"), loggers(run, ["mlflow=nothing://here"]):
        pass
