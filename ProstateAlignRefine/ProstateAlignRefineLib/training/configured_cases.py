"""Where a configuration's cases come from."""

from __future__ import annotations

from pathlib import Path

from .cases import Cases
from .config import PhantomData, TrainingConfig
from .configuration_file import check_dataset
from .dataset import dataset_cases
from .phantoms import prepare_phantoms


def cases_of(config: TrainingConfig, dataset: Path | None, cache: Path, workers: int) -> Cases:
    """Phantoms, or the folder `dataset` that `prepare` made; InputError where it is given and not read, or lacks.

    `cache`: where cases are kept ready. `workers`: processes that ready them.
    """
    check_dataset(config.data.kind, dataset)
    if dataset is None or isinstance(config.data, PhantomData):
        return prepare_phantoms(config, cache, workers)
    return dataset_cases(config, dataset, cache, workers)
