"""From trained weights to a bundle: temperature, figures on the test cases, model card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..evaluation.calibration import expected_calibration_error, fit_temperature
from ..model.bundle import save_bundle
from ..model.config import ModelConfig
from ..model.network import AlignRefineNetwork
from .bundle_config import model_config
from .card import model_card
from .trainer import Trainer
from .validate import CaseResult, lesion_dice, validate


def finish(trainer: Trainer, network: AlignRefineNetwork, path: Path) -> ModelConfig:
    """Fold in the temperature fitted on the validation cases, measure the test cases, write the bundle at `path`."""
    temperature = fold_temperature(network, trainer)
    metrics = figures(validate(trainer.bundle(network), trainer.cases.test, trainer.compute))
    metrics["temperature"] = round(temperature, 3)
    config = model_config(trainer.config, metrics)
    card = model_card(trainer.config, trainer.cases, metrics, trainer.history)
    return save_bundle(path, network, config, trainer.text.plain, card)


def fold_temperature(network: AlignRefineNetwork, trainer: Trainer) -> float:
    """Divide the finest head's logits by the temperature that makes the validation cases' confidence most likely."""
    results = validate(trainer.bundle(network), trainer.cases.validation, trainer.compute)
    temperature = fit_temperature(*_voxels(results))
    with torch.no_grad():
        for parameter in network.decoder.heads[-1].parameters():
            parameter.div_(temperature)
    return temperature


def figures(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Dice over cases with a lesion, lesion detection over all cases, calibration over all voxels."""
    detections = [result.detection for result in results]
    lesions = sum(detection.lesions for detection in detections)
    dice = np.array([result.dice for result in results if result.positive])
    return {
        "test_cases": len(results),
        "test_cases_with_lesion": len(dice),
        "lesion_dice_mean": _rounded(dice.mean()) if dice.size else None,
        "lesion_dice_median": _rounded(np.median(dice)) if dice.size else None,
        "lesion_dice_without_refiner": _rounded(lesion_dice(results, gated=False)) if dice.size else None,
        "lesions": lesions,
        "lesion_sensitivity": _rounded(sum(d.found for d in detections) / lesions) if lesions else None,
        "false_positives_per_case": _rounded(sum(d.false_positives for d in detections) / len(results)),
        "expected_calibration_error": _rounded(expected_calibration_error(*_voxels(results))),
    }


def _voxels(results: Sequence[CaseResult]) -> tuple[np.ndarray, np.ndarray]:
    """Margins and truth of all cases' voxels, flat."""
    return (
        np.concatenate([result.margin for result in results]),
        np.concatenate([result.truth for result in results]),
    )


def _rounded(value: float) -> float:
    return round(float(value), 4)
