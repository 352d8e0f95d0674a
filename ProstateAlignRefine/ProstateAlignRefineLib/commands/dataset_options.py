"""Which cases of a prepared dataset: options that `segment-cohort` and `evaluate` share."""

from __future__ import annotations

import argparse
from pathlib import Path

from .numbers import whole


def add_dataset_option(parser: argparse.ArgumentParser) -> None:
    """--data and --fold, for commands that read a prepared data set."""
    parser.add_argument("--data", type=Path, metavar="DATASET", help="the cases of a folder that prepare made")
    parser.add_argument("--fold", type=whole(0, 1000), metavar="K", help="of --data: the cases of this fold")
