"""`prostate-align-refine inspect`: which series a study folder holds, and which of them `segment` would read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import InputError
from ..core.plain_text import plain_text
from ..core.study import Modality
from ..core.study_files import find_study_files
from .numbers import whole


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("inspect", help="show the series of a study folder and which would be read, and why")
    parser.add_argument("input", type=Path, metavar="INPUT", help="a study folder")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    add_series_options(parser)
    parser.set_defaults(run=run)


def add_series_options(parser: argparse.ArgumentParser) -> None:
    """--t2w-series, --adc-series and --hbv-series, the user's own choice by series number; --trust-positions."""
    for modality in Modality:
        words = f"series number to read as {modality.name}, instead of the automatic choice"
        parser.add_argument(f"--{modality.value}-series", type=whole(0, 2**31 - 1), metavar="N", help=words)
    add_trust_option(parser)


def add_trust_option(parser: argparse.ArgumentParser) -> None:
    words = "compare positions of DICOM series that name different frames of reference or studies"
    parser.add_argument("--trust-positions", action="store_true", help=words)


def series_choices(arguments: argparse.Namespace) -> Mapping[Modality, int]:
    """What the user set with the options of `add_series_options`."""
    given = {modality: getattr(arguments, f"{modality.value}_series") for modality in Modality}
    return {modality: number for modality, number in given.items() if number is not None}


def run(arguments: argparse.Namespace) -> int:
    from ..dicom.match.survey import as_data, as_text, survey

    if not arguments.input.is_dir():
        what = "is a file; give the study's folder" if arguments.input.exists() else "does not exist; check its path"
        raise InputError(f"The input {what}.")
    files = find_study_files(arguments.input)
    if files is not None:
        return _print_files(files, arguments.json)
    found = survey(arguments.input, series_choices(arguments), arguments.trust_positions)
    if arguments.json:
        print(json.dumps(as_data(found), indent=2))
        return 0
    print(as_text(found))
    if found.problem:
        raise InputError(found.problem)
    return 0


def _print_files(files: Mapping[Modality, Path], as_json: bool) -> int:
    named = {modality.value: plain_text(path.name) for modality, path in files.items()}
    lines = (f"{modality.upper()}: {name}" for modality, name in named.items())
    print(json.dumps({"files": named}, indent=2) if as_json else "\n".join(lines))
    return 0
