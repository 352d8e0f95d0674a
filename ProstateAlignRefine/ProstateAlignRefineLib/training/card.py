"""MODEL_CARD.md, from the configuration and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .cases import Cases
from .config import PhantomData, TrainingConfig

_LABELS = {
    "test_cases": "test cases (never used for training or selection)",
    "test_cases_with_lesion": "of them with a lesion",
    "lesion_dice_mean": "Dice, mean over the cases with a lesion",
    "lesion_dice_median": "Dice, median over the cases with a lesion",
    "lesion_dice_without_refiner": "Dice without the refiner's edits, mean",
    "lesions": "lesions",
    "lesion_sensitivity": "share of lesions found (IoU at least 0.10)",
    "false_positives_per_case": "false positive lesions a case",
    "expected_calibration_error": "expected calibration error, all voxels",
    "temperature": "temperature folded into the segmentation head",
}


_SYNTHETIC = "Figures on synthetic images say that the program works; they say nothing about patients."
_ONE_SPLIT = "Figures of one split; other splits, scanners and readers give others."


def model_card(
    config: TrainingConfig, cases: Cases, metrics: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> str:
    """Markdown. Every figure in it was measured in this run."""
    hours = sum(float(row["seconds"]) for row in history) / 3600
    rows = "\n".join(f"| {_LABELS[name]} | {_text(value)} |" for name, value in metrics.items())
    spacing = " x ".join(f"{value:g}" for value in config.preprocessing.spacing_mm)
    steps = len(history) * config.schedule.iterations
    return f"""# {config.name}

{config.bundle.notice}

**Intended use.** {config.bundle.intended_use}

**Training data.** {config.bundle.training_data} {len(cases.training)} cases for training, {len(cases.validation)} for
choosing weights and temperature, {len(cases.test)} for the figures below. {cases.origin}

**Input.** {", ".join(config.architecture.channels)}, z-scored, {spacing} mm (z, y, x), the central
{config.preprocessing.region_mm:g} mm. **Text.** {"; ".join(config.text.prompts)} (encoder `{config.text.encoder}`).

**Training.** {len(history)} epochs, {steps} steps, {hours:.1f} hours, seed {config.seed}.

**Figures**, on the network's grid, at tau {config.bundle.tau:g} and alpha {config.bundle.alpha:g}, components of less
than {config.bundle.minimum_lesion_ml:g} mL not counted as lesions:

| measure | value |
|---|---|
{rows}

{_SYNTHETIC if isinstance(config.data, PhantomData) else _ONE_SPLIT}

**Licence.** {config.bundle.licence}
"""


def _text(value: object) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
