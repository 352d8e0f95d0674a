"""A prepared dataset as training cases, kept on the network grid by MONAI's persistent cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch
from monai.data import PersistentDataset
from monai.transforms import Transform
from scipy import ndimage
from torch import Tensor
from tqdm import tqdm

from ..bundle.config import Preprocessing
from ..core import schema
from ..core.errors import InputError
from ..core.files import file_sha256
from ..core.geometry import Grid, to_array, to_image
from ..core.study import Modality
from ..core.study_files import read_study_files
from ..inference.preprocess import network_volumes
from .cases import Case, Cases, LabelledStudy, Share, code_digest, labels_on
from .config import DatasetData, TrainingConfig
from .manifest import LABEL, Manifest, ManifestCase, dataset_digest, read_manifest
from .pool import mapped
from .splits import pick_patients


def dataset_cases(config: TrainingConfig, folder: Path, cache: Path, workers: int) -> Cases:
    """The dataset's three shares, read by `workers` processes where `cache` does not hold them yet."""
    manifest = read_manifest(folder)
    training, validation, test = split_cases(manifest, config)
    recipe = _recipe(config)
    transform = OntoNetworkGrid(config.preprocessing, config.architecture.channels)
    items = [[_item(manifest, case, recipe) for case in share] for share in (training, validation, test)]
    kept = [PersistentDataset(share, transform, cache, hash_func=_cache_name, weights_only=True) for share in items]
    for dataset in kept:
        _fill(dataset, cache, workers)
    shares = [_share(dataset, config) for dataset in kept]
    fingerprint = hashlib.sha256((dataset_digest(manifest.cases) + recipe).encode()).hexdigest()
    studies = partial(_studies, items[2])
    return Cases(shares[0], shares[1], shares[2], fingerprint, studies, _origin(manifest, config))


def split_cases(
    manifest: Manifest, config: TrainingConfig
) -> tuple[list[ManifestCase], list[ManifestCase], list[ManifestCase]]:
    """Training, validation and test, disjoint by patient."""
    data = config.data
    assert isinstance(data, DatasetData)
    test = [case for case in manifest.cases if case.fold == data.test_fold]
    rest = [case for case in manifest.cases if case.fold != data.test_fold]
    if not test or len(rest) < 2:
        raise InputError(f"Fold {data.test_fold} leaves no case to train or to test with; set data.test_fold.")
    picked = pick_patients({case.name: case.positive for case in rest}, data.validation_share, config.seed)
    validation = [case for case in rest if case.name in picked]
    return [case for case in rest if case.name not in picked], validation, test


@dataclass(frozen=True)
class OntoNetworkGrid(Transform):
    """A manifest's case, its files' hashes checked, to tensors: `volumes`, `lesions` and `spacing_mm` of a `Case`."""

    preprocessing: Preprocessing
    channels: tuple[str, ...]

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Tensor]:
        read = _read(data)
        volumes, grid = network_volumes(read.study, self.preprocessing, self.channels)
        lesions = labels_on(_instances(read.lesions), grid)
        return {"volumes": torch.from_numpy(volumes.astype(np.float16)), "lesions": torch.from_numpy(lesions)}


@dataclass(frozen=True)
class _Load:
    """Case by number, from the cache; a class, so that worker processes can be given it."""

    dataset: PersistentDataset
    spacing_mm: tuple[float, float, float]

    def __call__(self, number: int) -> Case:
        name = self.dataset.data[number]["name"]
        try:
            item = self.dataset[number]
        except RuntimeError as error:
            raise InputError(f"What is kept of case {name} cannot be read; delete the folder of cases.") from error
        return Case(name, item["volumes"].numpy(), item["lesions"].numpy(), self.spacing_mm)


def _read(item: Mapping[str, Any]) -> LabelledStudy:
    changed = [name for name, path in item["paths"].items() if _digest(path) != item["sha256"][name]]
    if changed:
        raise InputError(
            f"Case {item['name']}: {', '.join(changed)} is missing or has changed since the dataset was prepared; "
            "prepare it again."
        )
    study = read_study_files({modality: Path(item["paths"][modality.value]) for modality in Modality})
    return LabelledStudy(item["name"], study, sitk.ReadImage(item["paths"][LABEL]))


def _studies(items: Sequence[Mapping[str, Any]]) -> Iterator[LabelledStudy]:
    return map(_read, items)


def _share(dataset: PersistentDataset, config: TrainingConfig) -> Share:
    positive = tuple(number for number, item in enumerate(dataset.data) if item["positive"])
    return Share(len(dataset), positive, _Load(dataset, config.preprocessing.spacing_mm))


def _item(manifest: Manifest, case: ManifestCase, recipe: str) -> dict[str, Any]:
    key = hashlib.sha256((json.dumps(sorted(case.sha256.items())) + recipe).encode()).hexdigest()
    paths = {name: str(manifest.path(case, name)) for name in case.files}
    return {"name": case.name, "positive": case.positive, "paths": paths, "sha256": case.sha256, "key": key}


def _cache_name(item: Mapping[str, Any]) -> bytes:
    return str(item["key"]).encode()


def _fill(dataset: PersistentDataset, cache: Path, workers: int) -> None:
    """Reads what the cache lacks, so that an unreadable case shows before training and not in the middle of it."""
    lacking = [number for number, item in enumerate(dataset.data) if not (cache / f"{item['key']}.pt").is_file()]
    ready = partial(_ready, dataset)
    for _ in tqdm(mapped(ready, lacking, workers), "cases", len(lacking), unit="case", disable=not lacking):
        pass


def _ready(dataset: PersistentDataset, number: int) -> None:
    try:
        dataset[number]
    except RuntimeError as error:
        if isinstance(error.__cause__, InputError):  # MONAI wraps what a transform raises
            raise error.__cause__ from None
        raise


def _instances(labels: sitk.Image) -> sitk.Image:
    """Connected lesions (26 neighbours) numbered from 1; label files hold grades instead."""
    numbers, _ = ndimage.label(to_array(labels) > 0, np.ones((3, 3, 3)))
    return to_image(numbers.astype(np.uint8), Grid.of(labels))


def _digest(path: str) -> str:
    return file_sha256(Path(path)) if Path(path).is_file() else ""


def _recipe(config: TrainingConfig) -> str:
    """All that decides, beside the files, what a case holds."""
    return json.dumps([schema.to_dict(config.preprocessing), config.architecture.channels, code_digest()])


def _origin(manifest: Manifest, config: TrainingConfig) -> str:
    assert isinstance(config.data, DatasetData)
    sources = sorted({case.label_source for case in manifest.cases})
    return (
        f"Labels: {', '.join(sources)}. Split: {manifest.split}, fold {config.data.test_fold} for the figures "
        f"(SHA-256 {manifest.split_sha256[:16]})."
    )
