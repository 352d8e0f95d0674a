"""The commands that docs/dicom.md shows exist as it shows them."""

import argparse
import shlex
from pathlib import Path

from ProstateAlignRefineLib.commands import export, inspect, send

PROGRAM = "prostate-align-refine "


def test_documented_commands_are_understood(repository: Path):
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for command in (export, inspect, send):
        command.add_parser(subparsers)
    lines = (repository / "docs" / "dicom.md").read_text(encoding="utf-8").splitlines()
    shown = [line.removeprefix(PROGRAM) for line in lines if line.startswith(PROGRAM)]
    assert len(shown) >= 9
    for line in shown:
        assert callable(parser.parse_args(shlex.split(line)).run)
