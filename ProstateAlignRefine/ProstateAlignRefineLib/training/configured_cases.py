"""Where a configuration's cases come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .cases import Cases
from .config import PhantomData, TrainingConfig
from .configuration_file import check_dataset
from .dataset import dataset_cases
from .manifest import read_manifest
from .phantoms import prepare_phantoms
from .unseen import TrainedSplit


def cases_of(config: TrainingConfig, dataset: Path | None, cache: Path, workers: int) -> Cases:
    """Phantoms, or the folder `dataset` that `prepare` made; InputError where it is given and not read, or lacks.

    `cache`: where cases are kept ready. `workers`: processes that ready them.
    """
    check_dataset(config.data.kind, dataset)
    if dataset is None or isinstance(config.data, PhantomData):
        return prepare_phantoms(config, cache, workers)
    split = TrainedSplit(read_manifest(dataset).split_sha256, config.data.test_fold)
    return replace(dataset_cases(config, dataset, cache, workers), split=split)
