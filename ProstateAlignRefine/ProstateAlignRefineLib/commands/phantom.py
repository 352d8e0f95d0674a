"""`prostate-align-refine phantom`: a synthetic study with known lesions, as DICOM."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from ..core.storage.image_writing import write_image
from ..core.storage.output import writing_folder
from ..core.storage.signature import PHANTOM
from .numbers import seed

if TYPE_CHECKING:
    from ..phantom import Phantom

STUDY_FOLDER, TRUTH_FOLDER = NAMES = "dicom", "truth"


@dataclass(frozen=True)
class PhantomOptions:
    output: Path
    seed: int


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("phantom", help="write a synthetic bp-MRI study with known lesions, as DICOM")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--seed", type=seed, default=0, help="which study (default: 0)")
    parser.set_defaults(options=PhantomOptions, run=run)


def run(options: PhantomOptions) -> int:
    from ..phantom import make_phantom

    with writing_folder(options.output, PHANTOM, NAMES) as draft:
        phantom = make_phantom(options.seed)
        write_phantom(phantom, draft.folder, options.seed)
    remark(f"Synthetic study {options.seed}: {len(phantom.truth.facts)} lesions, in {options.output}.")
    return 0


def write_phantom(phantom: Phantom, folder: Path, seed: int) -> None:
    """`folder`/dicom: the study; `folder`/truth: lesion labels and zones on the T2W grid, facts as JSON."""
    from ..dicom import synthetic_label, write_study

    b_value = float(phantom.study.hbv.GetMetaData("b_value"))
    write_study(phantom.study, folder / STUDY_FOLDER, synthetic_label(seed, b_value))
    truth = folder / TRUTH_FOLDER
    truth.mkdir()
    write_image(phantom.truth.lesions, truth / "lesions.nii.gz")
    write_image(phantom.truth.zones, truth / "zones.nii.gz")
    facts = {"seed": seed, "lesions": [asdict(lesion) for lesion in phantom.truth.facts]}
    (truth / "truth.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
