"""A prepared dataset as training cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..bundle.config import Preprocessing
from ..core import schema
from ..core.errors import InputError
from ..core.storage.files import file_sha256
from ..core.storage.volume_files import read_image
from ..core.study import Modality
from ..core.study_files import read_study_files
from ..inference.preprocess import network_volumes
from .case_cache import case_key, keep_cases, load_case
from .cases import Case, Cases, CaseShare, LabelledStudy, labels_on
from .config import DatasetData, TrainingConfig
from .layout import GLAND, ZONES
from .lesion_numbers import numbered_lesions
from .manifest import LABEL, Manifest, ManifestCase, dataset_digest, read_manifest
from .provenance import Source
from .splits import pick_patients
from .unseen import TrainedSplit, marks_of
from .zones import zone_codes


def dataset_cases(config: TrainingConfig, folder: Path, cache: Path, workers: int) -> Cases:
    """The dataset's three shares, read by `workers` processes where `cache` does not hold them yet."""
    manifest = read_manifest(folder)
    assert isinstance(config.data, DatasetData)
    training, validation, test = split_cases(manifest, config)
    if config.architecture.anatomy and not any(case.anatomy_sources for case in training):
        raise InputError(
            "No training case has a mask of its gland or zones, which the anatomy head learns from; prepare the "
            "dataset with --zones or --gland, or set architecture.anatomy to false."
        )
    recipe = _recipe(config)
    items = [[_item(manifest, case, recipe, cache) for case in share] for share in (training, validation, test)]
    wanted = [(item.kept, item) for share in items for item in share]
    keep_cases(wanted, partial(_on_network_grid, config.preprocessing, config.architecture.channels), workers, "cases")
    shares = [_share(share) for share in items]
    fingerprint = case_key(dataset_digest(manifest.cases), recipe)
    studies = partial(_studies, items[2])
    split = TrainedSplit(manifest.split_sha256, config.data.test_fold)
    marks = marks_of([*training, *validation]), marks_of(test)
    return Cases(shares[0], shares[1], shares[2], fingerprint, studies, _source(manifest, config), split, *marks)


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
class _Item:
    """A case of the manifest: its files with their hashes, and where it is kept on the network grid."""

    name: str
    positive: bool
    paths: Mapping[str, Path]
    sha256: Mapping[str, str]
    kept: Path


def _on_network_grid(preprocessing: Preprocessing, channels: Sequence[str], item: _Item) -> Case:
    read = _read(item)
    volumes, grid = network_volumes(read.study, preprocessing, channels)
    lesions = labels_on(numbered_lesions(read.lesions), grid)
    zones = zone_codes(_mask(item, ZONES), _mask(item, GLAND), grid)
    return Case(item.name, volumes.astype(np.float16), lesions, preprocessing.spacing_mm, zones)


def _mask(item: _Item, kind: str) -> sitk.Image | None:
    return read_image(item.paths[kind], kind) if kind in item.paths else None


def _read(item: _Item) -> LabelledStudy:
    return read_prepared(item.name, item.paths, item.sha256)


def read_prepared(case: str, paths: Mapping[str, Path], sha256: Mapping[str, str]) -> LabelledStudy:
    """InputError where a file is no longer as the manifest says."""
    changed = [name for name, path in paths.items() if _digest(path) != sha256[name]]
    if changed:
        raise InputError(
            f"Case {case}: {', '.join(changed)} is missing or has changed since the dataset was prepared; "
            "prepare it again."
        )
    study = read_study_files({modality: paths[modality.value] for modality in Modality})
    return LabelledStudy(case, study, read_image(paths[LABEL], "label"))


def _studies(items: Sequence[_Item]) -> Iterator[LabelledStudy]:
    return map(_read, items)


def _share(items: Sequence[_Item]) -> CaseShare:
    positive = tuple(number for number, item in enumerate(items) if item.positive)
    return CaseShare(len(items), positive, partial(_load, tuple((item.kept, item.name) for item in items)))


def _load(kept: Sequence[tuple[Path, str]], number: int) -> Case:
    return load_case(*kept[number])


def _item(manifest: Manifest, case: ManifestCase, recipe: str, cache: Path) -> _Item:
    kept = cache / f"{case_key(sorted(case.sha256.items()), recipe)}.npz"
    paths = {name: manifest.path(case, name) for name in case.files}
    return _Item(case.name, case.positive, paths, case.sha256, kept)


def _digest(path: Path) -> str:
    return file_sha256(path) if path.is_file() else ""


def _recipe(config: TrainingConfig) -> str:
    """All that decides, beside the files, what a case holds."""
    return json.dumps([schema.to_dict(config.preprocessing), config.architecture.channels])


def _source(manifest: Manifest, config: TrainingConfig) -> Source:
    """For the card: how many patients and cases, whose labels, which split."""
    assert isinstance(config.data, DatasetData)
    cases = manifest.cases
    positive, patients = sum(case.positive for case in cases), len({case.patient for case in cases})
    counted = f"{len(cases)} studies of {patients} patients, {positive} with a lesion"
    masks = [f"{count} {kind} from {name}" for kind in (ZONES, GLAND) for name, count in _sources(cases, kind)]
    labels = ", ".join(f"{count} from {name}" for name, count in _sources(cases, LABEL))
    anatomy = f" Anatomy masks: {', '.join(masks)}." if masks and config.architecture.anatomy else ""
    return Source(
        synthetic=False,
        data=f"A data set of biparametric prostate MRI: {counted}.",
        licence=manifest.licence,
        details=f"Labels: {labels}.{anatomy} Split: {manifest.split}, fold {config.data.test_fold} for the figures "
        f"(SHA-256 {manifest.split_sha256}).",
    )


def _sources(cases: Sequence[ManifestCase], kind: str) -> list[tuple[str, int]]:
    """The label sets of this kind of mask, and how many cases have one from each."""
    named = (case.label_source if kind == LABEL else case.anatomy_sources.get(kind) for case in cases)
    return sorted(Counter(name for name in named if name).items())
