"""The ablation table: means over seeds with intervals over cases, differences to ours, a reading that follows them."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from Benchmarks.ablation_table import NAMES, Comparison, Runs, as_markdown, is_improving, resampled_runs
from Evaluation.making import FIRST, GRID, volume
from ProstateAlignRefineLib.evaluation.cases import CaseRow, judge
from ProstateAlignRefineLib.evaluation.evaluate import Judged
from ProstateAlignRefineLib.evaluation.volumes import Prediction, ReferenceMask
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.network.baselines import NetworkKind
from ProstateAlignRefineLib.training.config import read_training_config
from Training.runs import write_config

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "Testing" / "Benchmarks" / "ablation.py"


def rows_of(shares: list[float]) -> tuple[CaseRow, ...]:
    """Cases whose lesion is found in its first `share` of columns, 0 not at all."""
    z, y, x = FIRST
    reference = ReferenceMask(volume((FIRST, 1)) > 0, GRID)
    rows = []
    for number, share in enumerate(shares):
        width = round((x.stop - x.start) * share)
        part = volume(((z, y, slice(x.start, x.start + width)), 1)) if width else volume()
        rows.append(judge(f"{number}_1", reference, Prediction(part, part > 0, False, False), 0.0))
    return tuple(rows)


def runs_of(kind: str, *seeds: list[float], improving: bool = False) -> Runs:
    empty = rows_of([0.0] * len(seeds[0]))
    judged = tuple(Judged(kind, rows_of(shares), empty, "0" * 64, "1" * 64, 0) for shares in seeds)
    facts = {"parameters": 1_500_000, "steps": 5, "cpu_seconds": 60.0, "improving": improving}
    return Runs(kind, judged, tuple(facts for _ in seeds))


def test_every_network_has_a_name_in_the_table() -> None:
    """Which is drawn when hours of training are done."""
    assert set(NAMES) == set(get_args(NetworkKind))


def test_a_figure_of_several_seeds_is_their_mean_and_its_interval_is_over_cases() -> None:
    one, two = rows_of([1.0, 0.5, 0.5, 0.0]), rows_of([0.5, 0.5, 0.5, 0.0])
    both = resampled_runs(one, two, resamples=200).estimates["Dice, positives"]
    single = [resampled_runs(rows, resamples=200) for rows in (one, two)]
    assert both.value == pytest.approx(np.mean([each.figures["Dice, positives"] for each in single]))
    drawn = np.mean([[f["Dice, positives"] for f in each.drawn] for each in single], axis=0)  # type: ignore[misc]
    assert both.interval == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))))


def test_the_reading_follows_the_intervals() -> None:
    systems = (
        runs_of("ours", [0.5] * 8, [0.5] * 8),
        runs_of("nnunet", [1.0] * 8, [1.0] * 8),
        runs_of("unetr", [0.25] * 8, [0.25] * 8),
        runs_of("segresnet", [0.5] * 7 + [0.25], [0.5] * 7 + [1.0]),
    )
    compute = Compute(torch.device("cpu"), "fp32")
    text = as_markdown(Comparison(read_training_config("starter"), Path("size.toml"), (0, 1), systems, compute))
    assert "interval below 0: UNETR." in text
    assert "interval above 0: nnU-Net's network (DynUNet)." in text
    assert "Not told apart from ours: SegResNet." in text
    assert "| UNETR | -0.267 (-0.267 to -0.267) | 0.00781 |" in text  # 0.4 less 2/3; 8 signs alike: 2 / 2^8
    assert "| an answer that is always empty | - | 0.000 | 0.000 | 0.000 | 0.000 | - | - |" in text
    assert "size.toml --seeds 0 1" in text


@pytest.mark.parametrize(
    ("dice", "improving"),
    [
        ([0.1, 0.4, 0.5, 0.505], False),
        ([0.1, 0.4, 0.5, 0.52], True),
        ([0.1, 0.5, 0.4, 0.3], False),
        ([0.0] * 8, False),
        ([0.5, 0.5, 0.5], True),  # too few to tell
        ([], True),
    ],
)
def test_a_plateau_is_a_last_quarter_without_gain(dice: list[float], improving: bool) -> None:
    assert is_improving(dice) is improving


def test_a_network_that_was_still_improving_is_named_and_not_compared() -> None:
    systems = (runs_of("ours", [0.5] * 4), runs_of("nnunet", [0.25] * 4, improving=True))
    compute, config = Compute(torch.device("cpu"), "fp32"), read_training_config("starter")
    text = as_markdown(Comparison(config, Path("size.toml"), (0,), systems, compute))
    assert "fewer than 4 times: nnU-Net's network (DynUNet). Train longer." in text
    assert text.count("DynUNet") == 1
    alone = as_markdown(Comparison(config, Path("size.toml"), (0,), systems[1:], compute))
    assert "DynUNet" in alone
    assert "|" not in alone


@pytest.mark.slow
def test_the_script_trains_each_network_once(tmp_path: Path) -> None:
    base = read_training_config(str(SCRIPT.with_suffix(".toml")))
    schedule = replace(base.schedule, iterations=1, joint_epochs=1)
    data = replace(base.data, first_seed=8, training=1, validation=3, test=2)  # 8, 9, 11 and 12 have lesions
    config = write_config(replace(base, schedule=schedule, data=data), tmp_path / "size.toml")
    options = ["--config", config, "--networks", "ours", "paper_refiner", "nnunet", "--seeds", "0", "-o", tmp_path]
    command = [sys.executable, SCRIPT, *options, "--report", tmp_path / "report.md", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    first, again = (
        subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert first.stdout.count("seed 0\n") == 3
    assert "seed 0\n" not in again.stdout
    report = (tmp_path / "report.md").read_text()
    assert "ours, multi-encoder, paper's text and refiner, nnU-Net's network (DynUNet). Train longer." in report
