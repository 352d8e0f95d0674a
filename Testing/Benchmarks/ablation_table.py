"""What the ablation's runs say, as Markdown: figures with intervals, differences to `ours`, and how to read them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import wilcoxon

from ProstateAlignRefineLib.evaluation.cases import CaseRow
from ProstateAlignRefineLib.evaluation.evaluate import Judged
from ProstateAlignRefineLib.evaluation.figures import Figures, cohort_figures
from ProstateAlignRefineLib.evaluation.statistics import RESAMPLES, Estimate, Resampled, resampled
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.training.config import PhantomData, TrainingConfig

OURS = "ours"
PLATEAU_DICE = 0.01
FEWEST_VALIDATIONS = 4
DICE = "Dice, positives"
SHOWN = (DICE, "Dice, all cases", "lesion sensitivity", "false positives a case", "AUROC")
NAMES = {
    "ours": "ours",
    "paper_refiner": "multi-encoder, paper's text and refiner",
    "paper_text": "multi-encoder, paper's text",
    "multi_encoder": "multi-encoder, no text",
    "nnunet": "nnU-Net's network (DynUNet)",
    "segresnet": "SegResNet",
    "swinunetr": "SwinUNETR",
    "unetr": "UNETR",
}


@dataclass(frozen=True)
class Runs:
    """One network's runs, one a seed, on the same test cases. `facts`: parameters, steps, CPU seconds of each, and
    whether it was still improving when it ended."""

    kind: str
    judged: tuple[Judged, ...]
    facts: tuple[dict[str, Any], ...]

    @property
    def at_plateau(self) -> bool:
        return not any(facts["improving"] for facts in self.facts)

    @property
    def resampled(self) -> Resampled:
        return resampled_runs(*(run.rows for run in self.judged))

    def dice_of_positives(self) -> np.ndarray:
        """[positives], each the mean over the runs."""
        return np.mean([[row.metrics.dice for row in run.rows if row.positive] for run in self.judged], axis=0)


@dataclass(frozen=True)
class CaseOverRuns:
    """One case as each run of a network answered it."""

    rows: tuple[CaseRow, ...]

    @property
    def patient(self) -> str:
        return self.rows[0].patient


def resampled_runs(*runs: Sequence[CaseRow], resamples: int = RESAMPLES) -> Resampled:
    """Of a network that was trained several times, on the same cases in order: each figure's mean over the runs."""
    return resampled([CaseOverRuns(rows) for rows in zip(*runs, strict=True)], _mean_figures, resamples)


def _mean_figures(cases: Sequence[CaseOverRuns]) -> Figures:
    """None where a run lacks the figure."""
    figures = [cohort_figures(run) for run in zip(*(case.rows for case in cases), strict=True)]
    values = {name: [each[name] for each in figures] for name in figures[0]}
    return {name: None if None in row else float(np.mean(row)) for name, row in values.items()}


@dataclass(frozen=True)
class Comparison:
    """All that the report says. `config_path`: the file that set the size."""

    config: TrainingConfig
    config_path: Path
    seeds: tuple[int, ...]
    systems: tuple[Runs, ...]
    compute: Compute


def is_improving(validation_dice: Sequence[float]) -> bool:
    """Whether the last quarter of a run's validations reached more than all before it, or there are too few to tell."""
    if len(validation_dice) < FEWEST_VALIDATIONS:
        return True
    split = len(validation_dice) * 3 // 4
    return max(validation_dice[split:]) > max(validation_dice[:split]) + PLATEAU_DICE


def as_markdown(comparison: Comparison) -> str:
    """Networks that were still improving are named and not compared: how far they had come says nothing of them."""
    unfinished = [system for system in comparison.systems if not system.at_plateau]
    comparison = replace(comparison, systems=tuple(s for s in comparison.systems if s.at_plateau))
    if not comparison.systems:
        return "\n".join(["# Networks compared", "", _left_out(unfinished), ""])
    resampled = {system.kind: system.resampled for system in comparison.systems}
    rivals = {kind: each for kind, each in resampled.items() if OURS in resampled and kind != OURS}
    differences = {kind: (each - resampled[OURS]).estimates[DICE] for kind, each in rivals.items()}
    return "\n".join(
        [
            "# Networks compared",
            "",
            *_protocol(comparison),
            "",
            *_figures(comparison.systems, resampled),
            "",
            *([_left_out(unfinished), ""] if unfinished else []),
            *_differences(comparison.systems, differences),
            "",
            "## How to read it",
            "",
            *_reading(comparison, differences),
            "",
        ]
    )


def _left_out(unfinished: Sequence[Runs]) -> str:
    names = ", ".join(NAMES[system.kind] for system in unfinished)
    return (
        f"Not compared, since validation Dice still rose by more than {PLATEAU_DICE:g} in the last quarter of the "
        f"training, or was measured fewer than {FEWEST_VALIDATIONS} times: {names}. Train longer."
    )


def _protocol(comparison: Comparison) -> list[str]:
    config, first = comparison.config, comparison.systems[0].judged[0]
    schedule = config.schedule
    positives = sum(row.positive for row in first.rows)
    kind = "Synthetic studies" if isinstance(config.data, PhantomData) else "A prepared dataset"
    seconds = sum(facts["cpu_seconds"] for system in comparison.systems for facts in system.facts)
    return [
        "Made by `make ablation`, that is",
        "",
        f"    python Testing/Benchmarks/ablation.py --config {_shown(comparison.config_path)} --seeds "
        f"{' '.join(map(str, comparison.seeds))} --precision {comparison.compute.precision}",
        "",
        "A larger one, where there is a GPU, is another training configuration: `make ablation SIZE=larger.toml`.",
        "",
        f"{kind}: {len(first.rows)} test cases, {positives} of them with a lesion, never used for training or "
        f"selection. {schedule.joint_epochs} epochs of {schedule.iterations} steps, batch {schedule.batch_size}, "
        f"patches of {' x '.join(map(str, schedule.patch_size))} voxels of "
        f"{' x '.join(f'{mm:g}' for mm in config.preprocessing.spacing_mm)} mm; networks with a refiner then train it "
        f"alone for {schedule.refiner_epochs} more. Optimizer, augmentation and losses are the same for all; nothing "
        "was tuned for any of them.",
        "",
        f"Machine: {_processor()}, {comparison.compute.description}; torch {torch.__version__}, Python "
        f"{platform.python_version()}. All runs together took {seconds / 60:.0f} minutes of CPU time.",
        f"SHA-256 of the test references: {first.references_sha256[:16]}.",
    ]


def _figures(systems: Sequence[Runs], resampled: dict[str, Resampled]) -> list[str]:
    lines = [
        f"| network | million weights | {' | '.join(SHOWN)} | {DICE}, each seed |",
        "|---|---|" + "---|" * (len(SHOWN) + 1),
    ]
    for system in systems:
        estimates = resampled[system.kind].estimates
        seeds = ", ".join(f"{cohort_figures(run.rows)[DICE]:.3f}" for run in system.judged)
        cells = " | ".join(_cell(estimates[name]) for name in SHOWN)
        lines.append(f"| {NAMES[system.kind]} | {system.facts[0]['parameters'] / 1e6:.2f} | {cells} | {seeds} |")
    empty = cohort_figures(systems[0].judged[0].empty)
    cells = " | ".join("-" if empty[name] is None else f"{empty[name]:.3f}" for name in SHOWN)
    return [*lines, f"| an answer that is always empty | - | {cells} | - |"]


def _differences(systems: Sequence[Runs], differences: dict[str, Estimate]) -> list[str]:
    """Of each case's mean over the seeds, so that a case counts once."""
    by_kind = {system.kind: system for system in systems}
    lines = [f"| network less ours | {DICE} | p (Wilcoxon signed-rank) |", "|---|---|---|"]
    for kind, difference in differences.items():
        gap = by_kind[kind].dice_of_positives() - by_kind[OURS].dice_of_positives()
        p = float(wilcoxon(gap).pvalue) if np.any(gap != 0) else 1.0
        lines.append(f"| {NAMES[kind]} | {_cell(difference, '+.3f')} | {p:.3g} |")
    return lines


def _reading(comparison: Comparison, differences: dict[str, Estimate]) -> list[str]:
    def named(kinds: list[str]) -> str:
        return ", ".join(NAMES[kind] for kind in kinds) or "none"

    low_high = {kind: estimate.interval for kind, estimate in differences.items() if estimate.interval}
    better = [kind for kind, (low, _) in low_high.items() if low > 0]
    worse = [kind for kind, (_, high) in low_high.items() if high < 0]
    open_ = [kind for kind in low_high if kind not in (*better, *worse)]
    lines = [
        f"- Figures are means over {len(comparison.seeds)} seeds. Intervals are 95 % percentile bootstrap over cases "
        f"({RESAMPLES} resamples, the same cases drawn for every network and seed); they do not hold the spread of "
        "seeds, which stands beside them. p values are two-sided, of each case's mean over the seeds, not corrected "
        "for their number.",
        f"- Dice on positives lower than ours, interval below 0: {named(worse)}.",
        f"- Higher than ours, interval above 0: {named(better)}.",
        f"- Not told apart from ours: {named(open_)}.",
    ]
    if isinstance(comparison.config.data, PhantomData):
        lines.append(
            "- Synthetic images and small networks: this says nothing about patients, and little about the networks' "
            "order at their published size."
        )
    return lines


def _cell(estimate: Estimate, shape: str = ".3f") -> str:
    if estimate.value is None:
        return "-"
    interval = "" if estimate.interval is None else " ({:{s}} to {:{s}})".format(*estimate.interval, s=shape)
    return f"{estimate.value:{shape}}{interval}"


def _shown(path: Path) -> str:
    """As one would type it in the repository; a file elsewhere by its name."""
    repository = Path(__file__).resolve().parents[2]
    return path.resolve().relative_to(repository).as_posix() if repository in path.resolve().parents else path.name


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
