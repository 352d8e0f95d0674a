"""`prostate-align-refine demo`: a synthetic study, segmented, beside its known truth."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.geometry import Array, to_array
from ..core.maps import read_volume
from ..core.storage.output import check_output
from ..core.storage.signature import PHANTOM
from ..results.folder import KIND, LESIONS_NAME, NAMES
from . import phantom, segment

SEED = 15


@dataclass(frozen=True)
class DemoOptions:
    output: Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("demo", help="write a synthetic study, segment it, compare with the truth")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.set_defaults(options=DemoOptions, run=run)


def run(options: DemoOptions) -> int:
    study, results = options.output / "study", options.output / "results"
    check_output(study, PHANTOM, phantom.NAMES)
    check_output(results, KIND, NAMES)
    phantom.run(phantom.PhantomOptions(study, SEED))
    segment.run(segment.SegmentOptions(input=(study / phantom.STUDY_FOLDER,), output=results))
    truth = to_array(read_volume(study / phantom.TRUTH_FOLDER / "lesions.nii.gz"))
    found = to_array(read_volume(results / LESIONS_NAME))
    print(f"\nKnown truth beside it:\n{comparison(found, truth)}\nPicture: {results / 'overview.png'}")
    return 0


def comparison(found: Array, truth: Array) -> str:
    """A line for each true lesion, and the count of findings that touch none. Labels [Z, Y, X] on one grid."""
    matched = {number: _touching(found, truth == number) for number in range(1, int(truth.max()) + 1)}
    lines = [_line(number, labels, found, truth) for number, labels in matched.items()]
    invented = set(range(1, int(found.max()) + 1)).difference(*matched.values())
    return "\n".join([*lines, f"  findings where no lesion is: {len(invented)}"])


def _touching(found: Array, lesion: Array) -> list[int]:
    return sorted({int(label) for label in np.unique(found[lesion])} - {0})


def _line(number: int, labels: list[int], found: Array, truth: Array) -> str:
    if not labels:
        return f"  true lesion {number}: not found"
    names = " and ".join(f"finding {label}" for label in labels)
    inside, lesion = np.isin(found, labels), truth == number
    dice = 2 * float((inside & lesion).sum()) / float(inside.sum() + lesion.sum())
    return f"  true lesion {number}: {names}, Dice {dice:.2f}"
