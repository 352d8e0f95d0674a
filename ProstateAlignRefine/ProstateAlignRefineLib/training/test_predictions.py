"""The test cases through the whole of inference, as files that `evaluate` reads and judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.gate import gated_margin
from ..core.maps import Maps, write_volume
from ..core.storage.image_writing import write_image
from ..core.storage.output import writing_folder
from ..evaluation import summary
from ..evaluation.calibration import probabilities
from ..evaluation.evaluate import Protocol, judge_folder
from ..evaluation.plots import write_plots
from ..evaluation.summary import Evaluation, evaluation_of, write_summary
from ..inference.segment import segment_entered
from ..network.baselines import SegmentationNetwork
from .trainer import Trainer

PREDICTIONS, UNREFINED, REFERENCES, REPORT = "predictions", "without-refiner", "references", "report"
KIND, NAMES = "test cases", (PREDICTIONS, UNREFINED, REFERENCES)


def write_test_cases(trainer: Trainer, network: SegmentationNetwork, folder: Path) -> None:
    """Every test study segmented on its own T2W grid, as `segment` does, beside its reference; whole or not at all.

    Written are foreground probabilities, so that a network of whatever kind can be evaluated, also against another
    system. Of a network with a refiner there is a second answer, without the refiner's edits.
    """
    with writing_folder(folder, KIND, NAMES) as draft:
        made = draft.folder
        for name in (PREDICTIONS, REFERENCES, *([UNREFINED] if trainer.parts.refiner else [])):
            (made / name).mkdir()
        _write_volumes(trainer, network, made)


def judge_test_cases(folder: Path, minimum_ml: float) -> Evaluation:
    """What `evaluate` says of a folder that `write_test_cases` made, with and without the refiner; the report in it.

    `minimum_ml`: smaller predicted components are dropped.
    """
    protocol = Protocol(minimum_ml=minimum_ml)
    answers = [folder / name for name in (PREDICTIONS, UNREFINED) if (folder / name).is_dir()]
    systems = [judge_folder(answer, folder / REFERENCES, protocol) for answer in answers]
    evaluation = evaluation_of(protocol, *systems)
    with writing_folder(folder / REPORT, summary.KIND, summary.NAMES) as draft:
        write_summary(evaluation, draft.folder)
        write_plots(systems, draft.folder)
    return evaluation


def _write_volumes(trainer: Trainer, network: SegmentationNetwork, folder: Path) -> None:
    bundle, settings = trainer.bundle(network.eval()), trainer.config.bundle
    for study in trainer.cases.test_studies():
        maps = segment_entered(study.study, bundle, trainer.compute, lambda stage, done, whole: None).maps
        margin = gated_margin(maps, settings.tau, settings.alpha)
        _write(margin, maps, folder / PREDICTIONS / f"{study.name}.nii.gz")
        if (folder / UNREFINED).is_dir():
            _write(maps.base_margin, maps, folder / UNREFINED / f"{study.name}.nii.gz")
        write_image(study.lesions, folder / REFERENCES / f"{study.name}.nii.gz")


def _write(margin: NDArray[np.float32], maps: Maps, path: Path) -> None:
    write_volume(probabilities(margin).astype(np.float32), maps.grid, path)
