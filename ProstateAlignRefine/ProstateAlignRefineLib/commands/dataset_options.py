"""Which cases of a prepared dataset: options that `segment-cohort` and `evaluate` share."""

from __future__ import annotations

import argparse
from pathlib import Path

from .numbers import whole


def add_dataset_option(parser: argparse.ArgumentParser) -> None:
    """--data, --fold and --share, for commands that read a prepared data set, and what lets training cases pass."""
    parser.add_argument("--data", type=Path, metavar="DATASET", help="the cases of a folder that prepare made")
    parser.add_argument("--fold", type=whole(0, 1000), metavar="K", help="of --data: the cases of this fold")
    parser.add_argument("--share", choices=("test",), help="of --data: the fold that the model was not trained on")
    words = "also cases that the model was trained on, which flatter it"
    parser.add_argument("--with-training-cases", action="store_true", help=words)
