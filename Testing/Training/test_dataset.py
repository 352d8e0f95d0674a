"""A prepared dataset is read through inference's preprocessing, split by patient, kept, and guarded by its hashes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ProstateAlignRefineLib.core.errors import InputError
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.inference.preprocess import network_volumes
from ProstateAlignRefineLib.phantom import Sampling
from ProstateAlignRefineLib.training.config import DatasetData, TrainingConfig
from ProstateAlignRefineLib.training.dataset import dataset_cases, split_cases
from ProstateAlignRefineLib.training.manifest import read_manifest, write_manifest
from ProstateAlignRefineLib.training.prepare import RawDataset, prepare
from Training.picai import write_picai

COARSE = Sampling.of_field((2.0, 2.0, 6.0), (120.0, 120.0, 72.0))


@pytest.fixture(scope="module")
def picai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("picai")
    write_picai(folder, range(1, 7), COARSE)
    return folder


@pytest.fixture(scope="module")
def dataset(picai: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_manifest(prepare(RawDataset(picai / "images", picai / "labels", folds=3)), folder)
    return folder


@pytest.fixture(scope="module")
def config(tiny_config: TrainingConfig) -> TrainingConfig:
    data = DatasetData("dataset", test_fold=0, validation_share=0.5)
    architecture = replace(tiny_config.architecture, anatomy=False)  # a dataset holds no gland zones
    return replace(tiny_config, name="tiny-dataset", data=data, architecture=architecture)


def test_shares_are_disjoint_and_whole(dataset: Path, config: TrainingConfig) -> None:
    manifest = read_manifest(dataset)
    shares = [{case.patient for case in share} for share in split_cases(manifest, config)]
    assert sum(len(share) for share in shares) == len({case.patient for case in manifest.cases})
    assert set.union(*shares) == {case.patient for case in manifest.cases}
    assert all(shares)


def test_a_case_is_what_inference_would_read(
    dataset: Path, picai: Path, config: TrainingConfig, tmp_path: Path
) -> None:
    cases = dataset_cases(config, dataset, tmp_path, workers=1)
    case = cases.training[0]
    files = find_study_files(picai / "images" / case.name.split("_")[0])
    assert files is not None
    volumes, grid = network_volumes(read_study_files(files), config.preprocessing, config.architecture.channels)
    np.testing.assert_allclose(case.volumes, volumes, atol=5e-3)
    assert case.lesions.shape == grid.shape
    assert case.lesions.dtype == np.uint8
    assert cases.validation.positive


def test_cases_are_kept(dataset: Path, config: TrainingConfig, tmp_path: Path) -> None:
    first = dataset_cases(config, dataset, tmp_path, workers=1)
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")}
    assert len(stamps) == 6
    again = dataset_cases(config, dataset, tmp_path, workers=1)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.npz")} == stamps
    assert np.array_equal(first.test[0].volumes, again.test[0].volumes)
    assert first.fingerprint == again.fingerprint
    coarser = replace(config, preprocessing=replace(config.preprocessing, region_mm=48.0))
    assert dataset_cases(coarser, dataset, tmp_path, workers=1).fingerprint != first.fingerprint


def test_a_file_that_changed_since_is_refused(dataset: Path, config: TrainingConfig, tmp_path: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text())
    manifest["cases"][2]["sha256"]["adc"] = "0" * 64
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=rf"Case {manifest['cases'][2]['name']}: adc is missing or has changed"):
        dataset_cases(config, tmp_path, tmp_path / "cache", workers=1)


def test_a_fold_that_is_not_there_is_refused(dataset: Path, config: TrainingConfig, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Fold 7"):
        split_cases(read_manifest(dataset), replace(config, data=DatasetData("dataset", 7, 0.5)))
    with pytest.raises(InputError, match=r"manifest\.json"):
        dataset_cases(config, tmp_path, tmp_path, workers=1)
