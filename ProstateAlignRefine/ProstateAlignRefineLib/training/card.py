"""MODEL_CARD.md, from what a run read, did and measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .cases import CaseShare
from .config import TrainingConfig
from .hardware import hardware
from .own_refiner import OWN_REFINER, OwnEdits
from .trainer import Trainer

HEADLINE = (
    "Dice, positives",
    "median Dice, positives",
    "Dice, all cases",
    "NSD 2 mm, positives",
    "lesion sensitivity",
    "false positives a case",
    "lesion F1",
    "empty answer, share of negatives",
    "AP",
    "AUROC",
    "ECE",
    "Brier score",
)

_SYNTHETIC = """Figures on synthetic images say that the program works; they say nothing about patients.

**A model for patients' images** is trained on such images, for example on PI-CAI's, in two commands:
`prostate-align-refine prepare --images images --labels picai_labels -o dataset`, then `prostate-align-refine train
--config ours --data dataset -o run`. `run/bundle` then takes this model's place, and its card holds its own figures."""
_SCALES = {
    "image": "z-scored over the image",
    "region": "z-scored over the region",
    "absolute_adc": "T2W and HBV z-scored over the region, ADC on its own scale",
}
_ONE_SPLIT = "Figures of one split; other splits, scanners and readers give others."


def model_card(trainer: Trainer, metrics: Mapping[str, Any]) -> str:
    """Markdown. Every figure in it was measured in this run."""
    config, cases, history, start = trainer.config, trainer.cases, trainer.history, trainer.start
    said = trainer.statement
    hours = sum(float(row["seconds"]) for row in history) / 3600
    spacing = " x ".join(f"{value:g}" for value in config.preprocessing.spacing_mm)
    steps = len(history) * config.schedule.iterations
    began = f", from the weights of the bundle with SHA-256 {start.sha256[:16]}" if start else ""
    return f"""# {config.name}

{said.notice}

**Intended use.** {said.intended_use}

**Training data.** {said.training_data} {_count(cases.training)} for training, {_count(cases.validation)} for
choosing weights and temperature, {_count(cases.test)} for the figures below. {cases.source.details}

**Input.** {", ".join(config.architecture.channels)} ({_SCALES[config.preprocessing.normalization]}),
{spacing} mm (z, y, x), {config.preprocessing.region_mm:g} mm {_place(config)}.
**Text.** {"; ".join(config.text.prompts)} (encoder `{config.text.encoder}`).

**Training.** {len(history)} epochs, {steps} steps, {hours:.1f} hours, seed {config.seed}{began}. Computed on
{hardware(trainer.compute, trainer.processes.count)}.

{_figures(config, metrics)}

{_SYNTHETIC if cases.source.synthetic else _ONE_SPLIT}

**Licence.** {said.licence}
"""


def _place(config: TrainingConfig) -> str:
    return "about the prostate that it finds itself" if config.architecture.anatomy else "in the middle of the images"


def _count(share: CaseShare) -> str:
    return f"{len(share)} cases ({len(share.positive)} with a lesion)"


def _figures(config: TrainingConfig, metrics: Mapping[str, Any]) -> str:
    """How the test cases were judged, and the table."""
    rows = "\n".join(_row(name, figure) for name, figure in metrics["figures"].items())
    return f"""**Figures** on {metrics["test_cases"]} test cases, never used for training or selection,
{metrics["test_cases_with_lesion"]} of them with a lesion ({metrics["lesions"]} lesions): the whole way through
inference, on each study's own T2W grid, at tau {config.bundle.tau:g} and alpha {config.bundle.alpha:g}, components of
less than {config.bundle.minimum_lesion_ml:g} mL not counted as lesions. Temperature folded into the segmentation head:
{metrics["temperature"]:g}.

| measure | value | 95 % interval | an answer that is always empty |
|---|---|---|---|
{rows}

Empty rule: where reference and answer are both empty, Dice and NSD are 1; where one is, they are 0. Positives are cases
with a lesion. A lesion is found by an intersection over union of at least 0.10. Intervals are percentile bootstrap over
patients of this one training run.{_own_refiner(metrics)}"""


def _own_refiner(metrics: Mapping[str, Any]) -> str:
    return f"\n\n{OwnEdits(**metrics[OWN_REFINER]).sentence}" if OWN_REFINER in metrics else ""


def _row(name: str, figure: Mapping[str, Any]) -> str:
    interval = "-" if figure["interval"] is None else " to ".join(f"{bound:.4f}" for bound in figure["interval"])
    return f"| {name} | {_number(figure['value'])} | {interval} | {_number(figure['empty'])} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
