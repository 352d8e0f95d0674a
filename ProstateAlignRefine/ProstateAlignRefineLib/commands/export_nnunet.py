"""`prostate-align-refine export-nnunet`: a prepared dataset as one of nnU-Net v2, with the same split."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..core.plain_lines import remark
from ..core.storage.output import writing_folder

DATASET_NAME = re.compile(r"Dataset\d{3}_\w+")


@dataclass(frozen=True)
class ExportNnunetOptions:
    """`config`: a file or preset whose split is taken."""

    dataset: Path
    output: Path
    config: str | None


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
    parser.set_defaults(options=ExportNnunetOptions, run=run)


def run(options: ExportNnunetOptions) -> int:
    from ..training.manifest import read_manifest
    from ..training.nnunet_export import NnunetSplit, export_dataset
    from ..training.nnunet_layout import NAMES

    if not DATASET_NAME.fullmatch(options.output.name):
        raise InputError(
            "nnU-Net knows datasets by names such as Dataset101_Prostate; name the output folder like that."
        )
    manifest = read_manifest(options.dataset)
    split = NnunetSplit.of(manifest, options.config)
    with writing_folder(options.output, "nnU-Net dataset", NAMES) as draft:
        count = export_dataset(manifest, split, draft.folder)
    remark(f"{count} training and {len(split.test)} test cases, {len(split.folds)} splits, are in {options.output}.")
    remark(
        "Put it into nnUNet_raw; after nnUNetv2_plan_and_preprocess copy splits_final.json into nnUNet_preprocessed."
    )
    return 0
