"""`prostate-align-refine export-nnunet`: a prepared dataset as one of nnU-Net v2, with the same split."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InputError
from ..training.nnunet_layout import (
    NAMES,
    TEST,
    TRAINING,
    Split,
    splits_of,
    write_case,
    write_dataset_json,
    write_splits,
)

if TYPE_CHECKING:
    from ..training.manifest import Manifest, ManifestCase

DATASET_NAME = re.compile(r"Dataset\d{3}_\w+")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export-nnunet",
        help="write a prepared dataset for nnU-Net v2",
        description="Without --config every fold of the dataset is validated once. With it the split is that of train "
        "--config FILE: one fold of its training and validation cases, and its test cases in imagesTs and labelsTs, "
        "whose predictions evaluate compares.",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a folder that prepare made")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="such as Dataset101_Prostate")
    parser.add_argument("--config", metavar="FILE", help="a training configuration, or a preset: paper, ours")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..core.storage.output import writing_folder
    from ..training.manifest import read_manifest

    if not DATASET_NAME.fullmatch(arguments.output.name):
        raise InputError(
            "nnU-Net knows datasets by names such as Dataset101_Prostate; name the output folder like that."
        )
    manifest = read_manifest(arguments.dataset)
    splits, test = _splits(manifest, arguments.config)
    with writing_folder(arguments.output, "nnU-Net dataset", NAMES) as draft:
        folder = draft.folder
        for case in tqdm(manifest.cases, "cases", unit="case"):
            _write(manifest, case, folder, TEST if case.name in test else TRAINING)
        count = len(manifest.cases) - len(test)
        write_dataset_json(folder, count, f"Split: {manifest.split} (SHA-256 {manifest.split_sha256}).")
        write_splits(folder, splits)
    print(f"{count} training and {len(test)} test cases, {len(splits)} splits, are in {arguments.output}.")
    print("Put it into nnUNet_raw; after nnUNetv2_plan_and_preprocess copy splits_final.json into nnUNet_preprocessed.")
    return 0


def _splits(manifest: Manifest, config_name: str | None) -> tuple[tuple[Split, ...], frozenset[str]]:
    """nnU-Net's folds, and the names of the test cases."""
    if config_name is None:
        return splits_of({case.name: case.fold for case in manifest.cases}), frozenset()
    from ..training.config import DatasetData, read_training_config
    from ..training.dataset import split_cases

    config = read_training_config(config_name)
    if not isinstance(config.data, DatasetData):
        raise InputError("The configuration trains on phantoms, so it splits no dataset; name another or leave it out.")
    training, validation, test = ([case.name for case in part] for part in split_cases(manifest, config))
    return (Split(tuple(training), tuple(validation)),), frozenset(test)


def _write(manifest: Manifest, case: ManifestCase, folder: Path, part: str) -> None:
    from ..core.storage.files import file_sha256
    from ..core.storage.volume_files import read_image
    from ..core.study import Modality
    from ..core.study_files import read_study_files
    from ..training.manifest import LABEL

    paths = {name: manifest.path(case, name) for name in case.files}
    changed = [name for name, path in paths.items() if not path.is_file() or file_sha256(path) != case.sha256[name]]
    if changed:
        raise InputError(
            f"Case {case.name}: {', '.join(changed)} is missing or has changed since the dataset was prepared; prepare "
            "it again."
        )
    study = read_study_files({modality: paths[modality.value] for modality in Modality})
    write_case(folder, case.name, study, read_image(paths[LABEL], "label"), part)
