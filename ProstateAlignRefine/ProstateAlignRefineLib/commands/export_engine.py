"""`prostate-align-refine export-engine`: a bundle gets what it needs to run on a CPU without torch."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..core.plain_lines import remark


@dataclass(frozen=True)
class ExportEngineOptions:
    model: Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export-engine",
        help="make a model bundle run on a CPU without torch",
        description="Adds the bundle's networks as ONNX graphs. Refused where their answer to one of three synthetic "
        "studies leaves the tolerance of torch's. New bundles have them already.",
    )
    parser.add_argument("model", type=Path, metavar="BUNDLE", help="the bundle, which is added to")
    parser.set_defaults(options=ExportEngineOptions, run=run)


def run(options: ExportEngineOptions) -> int:
    from ..training.engine_files import write_engine_files

    found = write_engine_files(options.model)
    remark(
        f"The model in {options.model} now runs without torch; on three studies its margins differ from torch's by up "
        f"to {found.margin:.2g}, its shares by {found.share:.2g}."
    )
    return 0
