"""Where a configuration's cases come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .cases import Cases
from .config import PhantomData, TrainingConfig
from .configuration_file import check_dataset
from .dataset import dataset_cases, split_cases
from .manifest import read_manifest
from .phantoms import prepare_phantoms
from .unseen import TrainedSplit, marks_of


def cases_of(config: TrainingConfig, dataset: Path | None, cache: Path, workers: int) -> Cases:
    """Phantoms, or the folder `dataset` that `prepare` made; InputError where it is given and not read, or lacks.

    `cache`: where cases are kept ready. `workers`: processes that ready them.
    """
    check_dataset(config.data.kind, dataset)
    if dataset is None or isinstance(config.data, PhantomData):
        return prepare_phantoms(config, cache, workers)
    manifest = read_manifest(dataset)
    training, validation, test = split_cases(manifest, config)
    return replace(
        dataset_cases(config, dataset, cache, workers),
        split=TrainedSplit(manifest.split_sha256, config.data.test_fold),
        learned=marks_of([*training, *validation]),
        tested=marks_of(test),
    )
