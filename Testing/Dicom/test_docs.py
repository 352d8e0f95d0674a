"""Commands, data and tests that docs/dicom.md names exist as it says."""

import argparse
import json
import re
import shlex
from pathlib import Path

from ProstateAlignRefineLib.commands import export, inspect, send
from ProstateAlignRefineLib.dicom.match.survey import as_data, survey

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


def test_documented_json_is_what_inspect_prints(repository: Path, study_folder: Path):
    text = (repository / "docs" / "dicom.md").read_text(encoding="utf-8")
    section = text.split("### Inspect as JSON")[1].split("## Out")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))
    printed = json.loads(json.dumps(as_data(survey(study_folder))))
    keys = set(printed) | {f"candidates[].{key}" for key in printed["candidates"][0]}
    assert documented == keys | {f"chosen.*.{key}" for key in printed["chosen"]["t2w"]}


def test_documented_tests_exist(repository: Path):
    section = (repository / "docs" / "dicom.md").read_text(encoding="utf-8").split("## Which test shows what")[1]
    named = re.findall(r"`(\w+/test_\w+\.py)`", section)
    assert len(set(named)) > 12
    assert not [name for name in named if not (repository / "Testing" / name).is_file()]
