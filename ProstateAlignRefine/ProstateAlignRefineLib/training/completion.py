"""From trained weights to what a run is for: temperature, figures on the test cases, bundle with its model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..bundle.config import RUN_BUNDLE
from ..evaluation.calibration import fit_temperature
from ..evaluation.summary import Evaluation
from ..network.baselines import SegmentationNetwork
from ..network.bundle import save_bundle
from .bundle_config import model_config
from .card import HEADLINE, model_card
from .own_refiner import OWN_REFINER, own_edits
from .test_predictions import judge_test_cases, write_test_cases
from .trainer import Trainer
from .unseen import METRIC, with_trained_on
from .validate import CaseResult, validate

TEST, BUNDLE = "test", RUN_BUNDLE


def complete_training(trainer: Trainer, network: SegmentationNetwork, folder: Path) -> dict[str, Any]:
    """Fold in the temperature fitted on the validation cases, measure the test cases; the figures of the model card.

    `folder`/test holds the test cases' predictions, references and report, `folder`/bundle the bundle. A network that
    lacks the text or the refiner gets no bundle: nothing of what a user of one sees would be true of it.
    """
    temperature = fold_temperature(network, trainer)
    write_test_cases(trainer, network, folder / TEST)
    metrics = figures(judge_test_cases(folder / TEST, trainer.config.bundle.minimum_lesion_ml))
    metrics["temperature"] = round(temperature, 3)
    if trainer.cases.split is not None:
        metrics[METRIC] = trainer.cases.split.to_dict()
    if trainer.parts.bundled:
        edits = own_edits(trainer.bundle(network), trainer.cases.validation, trainer.compute)
        metrics[OWN_REFINER] = asdict(edits)
        card = model_card(trainer, metrics)
        learned = trainer.cases.learned.union(trainer.start.trained_on if trainer.start else ())
        config = with_trained_on(model_config(trainer.config, trainer.statement, metrics), learned)
        text = trainer.text
        save_bundle(folder / BUNDLE, network, config, text.plain, card, mirrored_text=text.mirrored)
    return metrics


def fold_temperature(network: SegmentationNetwork, trainer: Trainer) -> float:
    """Divide the finest head's logits by the temperature that makes the validation cases' confidence most likely."""
    results = validate(trainer.bundle(network), trainer.cases.validation, trainer.compute)
    temperature = fit_temperature(*_voxels(results))
    with torch.no_grad():
        for parameter in network.decoder.heads[-1].parameters():
            parameter.div_(temperature)
    return temperature


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """How many test cases there were, and the headline: each figure, its 95 % interval, what an empty answer gets."""
    rows = evaluation.systems[0].rows
    unrefined = evaluation.figures[1:]
    headline = {name: asdict(evaluation.figures[0][name]) | {"empty": evaluation.empty[name]} for name in HEADLINE}
    if unrefined:
        without = asdict(unrefined[0]["Dice, positives"])
        headline["Dice, positives, without the refiner"] = without | {"empty": evaluation.empty["Dice, positives"]}
    return {
        "test_cases": len(rows),
        "test_cases_with_lesion": sum(row.positive for row in rows),
        "lesions": sum(row.detection.lesions for row in rows),
        "figures": {name: _rounded(figure) for name, figure in headline.items()},
    }


def _voxels(results: Sequence[CaseResult]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Margins and truth of all cases' voxels, flat."""
    return (
        np.concatenate([result.margin for result in results]),
        np.concatenate([result.truth for result in results]),
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value
