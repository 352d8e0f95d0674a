"""`prostate-align-refine demo`: a synthetic study, segmented, beside its known truth."""

from __future__ import annotations

import argparse
from pathlib import Path

import SimpleITK as sitk

from ..core.geometry import Array, to_array
from . import phantom, segment

SEED = 7


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("demo", help="write a synthetic study, segment it, compare with the truth")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    study, results = arguments.output / "study", arguments.output / "results"
    root = argparse.ArgumentParser()
    commands = root.add_subparsers()
    for command in (phantom, segment):
        command.add_parser(commands)
    for line in (
        ["phantom", "-o", str(study), "--seed", str(SEED)],
        ["segment", str(study / phantom.STUDY_FOLDER), "-o", str(results)],
    ):
        parsed = root.parse_args(line)
        parsed.run(parsed)
    truth = to_array(sitk.ReadImage(str(study / phantom.TRUTH_FOLDER / "lesions.nii.gz")))
    found = to_array(sitk.ReadImage(str(results / "lesions.nii.gz")))
    print(f"\nKnown truth beside it:\n{comparison(found, truth)}\nPicture: {results / 'overview.png'}")
    return 0


def comparison(found: Array, truth: Array) -> str:
    """A line for each true lesion, and the count of findings that touch none. Labels [Z, Y, X] on one grid."""
    lines = []
    matched: set[int] = set()
    for number in range(1, int(truth.max()) + 1):
        touching = sorted({int(label) for label in found[truth == number]} - {0})
        matched |= set(touching)
        names = " and ".join(f"finding {label}" for label in touching) or "not found"
        overlap = _dice(found[...] > 0 if not touching else _among(found, touching), truth == number)
        lines.append(f"  true lesion {number}: {names}" + (f", Dice {overlap:.2f}" if touching else ""))
    extra = set(range(1, int(found.max()) + 1)) - matched
    return "\n".join([*lines, f"  findings where no lesion is: {len(extra)}"])


def _among(found: Array, labels: list[int]) -> Array:
    inside: Array = sum((found == label for label in labels), start=found < 0)
    return inside


def _dice(first: Array, second: Array) -> float:
    return 2 * float((first & second).sum()) / float(first.sum() + second.sum())
