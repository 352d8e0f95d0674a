"""`prostate-align-refine inspect`: which series a study folder holds, and which of them `segment` would read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import InputError
from ..core.plain_text import plain_text
from ..core.study import Modality
from ..core.study_files import find_study_files
from .series_options import SeriesOptions, add_series_options


@dataclass(frozen=True, kw_only=True)
class InspectOptions(SeriesOptions):
    input: Path
    json: bool = False
    studies: bool = False


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("inspect", help="show the series of a study folder and which would be read, and why")
    parser.add_argument("input", type=Path, metavar="INPUT", help="a study folder, or a zip of DICOM files")
    words = "list patients and studies instead, by name: of a folder or a zip of several"
    parser.add_argument("--studies", action="store_true", help=words)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    add_series_options(parser)
    parser.set_defaults(options=InspectOptions, run=run)


def run(options: InspectOptions) -> int:
    from ..dicom.match.survey import as_data, as_text, survey

    if not options.input.exists():
        raise InputError("The input does not exist; check its path.")
    files = find_study_files(options.input) if options.input.is_dir() else None
    if options.studies and files is None:
        return _print_studies(options)
    if files is not None:
        return _print_files(files, options.json)
    found = survey(options.input, options.choices, options.trust_positions, options.study)
    if options.json:
        print(json.dumps(as_data(found), indent=2))
        return 0
    print(as_text(found))
    if found.problem:
        raise InputError(found.problem)
    return 0


def _print_studies(options: InspectOptions) -> int:
    """With patients' names: that is what was asked for."""
    from ..dicom.match.studies import as_table, list_studies

    found = list_studies(options.input)
    if not found:
        raise InputError("The input holds no MR images in DICOM form; give the folder of one or more MRI studies.")
    print(json.dumps([asdict(study) for study in found], indent=2) if options.json else as_table(found))
    return 0


def _print_files(files: Mapping[Modality, Path], as_json: bool) -> int:
    named = {modality.value: plain_text(path.name) for modality, path in files.items()}
    lines = (f"{modality.upper()}: {name}" for modality, name in named.items())
    print(json.dumps({"files": named}, indent=2) if as_json else "\n".join(lines))
    return 0
