"""A run in MLflow: in a database in the run's folder, or on a server that the user names."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing leaves the machine unasked

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from ...core.errors import InputError
from .logger import Pictures, TrackedRun

EXPERIMENT = "prostate-align-refine"
FOLDER, DATABASE, ARTIFACTS = "mlflow", "mlflow.db", "artifacts"
TAG = "run_folder"
LONGEST_VALUE, MOST_PARAMETERS = 500, 100  # of MLflow


class MlflowLogger:
    """`uri`: of the server or store; empty for the run's folder."""

    def __init__(self, run: TrackedRun, uri: str) -> None:
        """InputError where the store cannot be used."""
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        own = run.folder / FOLDER
        if not uri:
            own.mkdir(parents=True, exist_ok=True)
        try:
            self._client = MlflowClient(uri or f"sqlite:///{own / DATABASE}")
            self._run = self._found(run) or self._new(run, None if uri else (own / ARTIFACTS).resolve().as_uri())
        except MlflowException as error:
            raise InputError("The MLflow store cannot be used; check the address after mlflow=.") from error

    def figures(self, epoch: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        self._client.log_batch(self._run, metrics=[Metric(name, value, now, epoch) for name, value in values.items()])

    def pictures(self, epoch: int, pictures: Pictures) -> None:
        for name, picture in pictures.items():
            self._client.log_image(self._run, picture, key=name, step=epoch)

    def close(self, finished: bool) -> None:
        """See `RunLogger`; a stopped run is killed in MLflow's words, and goes on under the same name."""
        self._client.set_terminated(self._run, "FINISHED" if finished else "KILLED")

    def _found(self, run: TrackedRun) -> str | None:
        """The run of this folder that was begun before."""
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        if experiment is None or run.first_epoch == 0:
            return None
        runs = self._client.search_runs([experiment.experiment_id], f"tags.{TAG} = '{run.identity}'", max_results=1)
        if not runs:
            return None
        self._client.update_run(runs[0].info.run_id, status="RUNNING")
        return str(runs[0].info.run_id)

    def _new(self, run: TrackedRun, artifacts: str | None) -> str:
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        number = experiment.experiment_id if experiment else self._client.create_experiment(EXPERIMENT, artifacts)
        made = self._client.create_run(number, tags={TAG: run.identity}, run_name=run.name)
        parameters = [Param(name, str(value)[:LONGEST_VALUE]) for name, value in run.settings.items()]
        for first in range(0, len(parameters), MOST_PARAMETERS):
            self._client.log_batch(made.info.run_id, params=parameters[first : first + MOST_PARAMETERS])
        return str(made.info.run_id)
