"""`prostate-align-refine import-checkpoint`: a checkpoint of the authors' code becomes a bundle."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..core.plain_lines import remark


@dataclass(frozen=True)
class ImportCheckpointOptions:
    checkpoint: Path
    plans: Path
    dataset: Path
    text_embedding: Path
    output: Path
    as_published: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("import-checkpoint", help="make a model bundle of a checkpoint of the authors' code")
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="nnU-Net checkpoint (.pth)")
    parser.add_argument("--plans", type=Path, required=True, metavar="P", help="its plans.json")
    parser.add_argument("--dataset", type=Path, required=True, metavar="D", help="its dataset.json")
    parser.add_argument("--text-embedding", type=Path, required=True, metavar="T.npy", help="its text embedding [1, D]")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE", help="folder for the bundle")
    parser.add_argument(
        "--as-published",
        action="store_true",
        help="read 192 mm in tiles with mirroring, as published: 8 forwards a tile instead of one a study",
    )
    parser.set_defaults(options=ImportCheckpointOptions, run=run)


def run(options: ImportCheckpointOptions) -> int:
    from ..network.checkpoint import import_checkpoint
    from ..training.engine_files import offer_engine_files

    report = import_checkpoint(
        options.checkpoint,
        options.plans,
        options.dataset,
        options.text_embedding,
        options.output,
        as_published=options.as_published,
    )
    remark(f"Used {len(report.used)} weights ({report.parameters:,} parameters).")
    remark(f"{len(report.duplicates)} entries repeat them:")
    for duplicate, original in report.duplicates.items():
        remark(f"  {duplicate} = {original}")
    offer_engine_files(options.output)
    remark(f"The bundle is in {options.output}.")
    return 0
