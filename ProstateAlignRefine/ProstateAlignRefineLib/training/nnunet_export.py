"""A prepared dataset as one of nnU-Net v2, with the split of a training configuration where one is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from ..core.errors import InputError
from .config import DatasetData, read_training_config
from .dataset import read_prepared, split_cases
from .manifest import Manifest, ManifestCase
from .nnunet_layout import TEST, TRAINING, Split, splits_of, write_case, write_dataset_json, write_splits


@dataclass(frozen=True)
class NnunetSplit:
    """nnU-Net's folds, and the names of the test cases."""

    folds: tuple[Split, ...]
    test: frozenset[str] = frozenset()

    @classmethod
    def of(cls, manifest: Manifest, config_name: str | None) -> NnunetSplit:
        """That of `train --config`; every fold of the manifest once where none is named."""
        if config_name is None:
            return cls(splits_of({case.name: case.fold for case in manifest.cases}))
        config = read_training_config(config_name)
        if not isinstance(config.data, DatasetData):
            raise InputError(
                "The configuration trains on phantoms, so it splits no dataset; name another or leave it out."
            )
        training, validation, test = ([case.name for case in part] for part in split_cases(manifest, config))
        return cls((Split(tuple(training), tuple(validation)),), frozenset(test))


def export_dataset(manifest: Manifest, split: NnunetSplit, folder: Path) -> int:
    """How many training cases were written; InputError where a file is not as it was prepared."""
    for case in tqdm(manifest.cases, "cases", unit="case"):
        _export(manifest, case, folder, TEST if case.name in split.test else TRAINING)
    count = len(manifest.cases) - len(split.test)
    write_dataset_json(folder, count, f"Split: {manifest.split} (SHA-256 {manifest.split_sha256}).")
    write_splits(folder, split.folds)
    return count


def _export(manifest: Manifest, case: ManifestCase, folder: Path, part: str) -> None:
    paths = {name: manifest.path(case, name) for name in case.files}
    read = read_prepared(case.name, paths, case.sha256)
    write_case(folder, case.name, read.study, read.lesions, part)
