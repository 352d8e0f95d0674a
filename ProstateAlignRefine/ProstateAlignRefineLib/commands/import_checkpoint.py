"""`prostate-align-refine import-checkpoint`: a checkpoint of the authors' code becomes a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path


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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from ..network.checkpoint import import_checkpoint

    report = import_checkpoint(
        arguments.checkpoint,
        arguments.plans,
        arguments.dataset,
        arguments.text_embedding,
        arguments.output,
        as_published=arguments.as_published,
    )
    print(f"Used {len(report.used)} weights ({report.parameters:,} parameters).")
    print(f"{len(report.duplicates)} entries repeat them:")
    for duplicate, original in report.duplicates.items():
        print(f"  {duplicate} = {original}")
    print(f"The bundle is in {arguments.output}.")
    return 0
