"""Whole runs by the command line: a configuration as a file, processes beside the test, the table they leave."""

import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ProstateAlignRefineLib.training.config import TrainingConfig
from ProstateAlignRefineLib.training.configuration_file import as_toml

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
CLI = "ProstateAlignRefineLib.cli"


def write_config(config: TrainingConfig, path: Path) -> Path:
    path.write_text(as_toml(config.to_dict()), encoding="utf-8")
    return path


def start_training(config: Path, run: Path, *options: str, launcher: Sequence[str] = ()) -> subprocess.Popen[str]:
    """`python -m ... train`, or under a launcher such as torchrun's module and its options."""
    command = [sys.executable, *(("-m", *launcher) if launcher else ()), "-m", CLI, "train"]
    return subprocess.Popen(
        [*command, "--config", str(config), "-o", str(run), "--device", "cpu", "--precision", "fp32", *options],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def log_of(run: Path) -> list[dict[str, str]]:
    """The rows of log.csv without their times; none where it is not written yet."""
    if not (run / "log.csv").is_file():
        return []
    with (run / "log.csv").open() as stream:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(stream)]
