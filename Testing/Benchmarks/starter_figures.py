"""The starter model on fresh phantoms at full resolution, and on a real study where one is given.

    python Testing/Benchmarks/starter_figures.py --count 20 [--first-seed 900000] [--family holdout]
    python Testing/Benchmarks/starter_figures.py --images FOLDER --label lesion.nii.gz

Prints a row a study and the means: Dice on positives, lesion sensitivity (intersection over union at least 0.10),
false positives a study, and the share of lesion-free studies in which nothing is found.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ProstateAlignRefineLib.core.gate import apply_gate
from ProstateAlignRefineLib.core.geometry import NEAREST, resample, to_array
from ProstateAlignRefineLib.core.lesions import find_lesions
from ProstateAlignRefineLib.core.study import Modality, Study
from ProstateAlignRefineLib.core.study_files import find_study_files, read_study_files
from ProstateAlignRefineLib.evaluation.detection import Detection, detect
from ProstateAlignRefineLib.evaluation.metrics import overlap
from ProstateAlignRefineLib.inference.device import choose_compute
from ProstateAlignRefineLib.inference.segment import segment_study
from ProstateAlignRefineLib.model.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.phantom import make_phantom

FRESH_SEED = 900_000  # training, validation and test phantoms lie below


@dataclass(frozen=True)
class Row:
    name: str
    positive: bool
    dice: float
    base_dice: float
    detection: Detection


def judged(name: str, study: Study, truth: np.ndarray, bundle: Bundle) -> Row:
    """`truth` [Z, Y, X] on the T2W grid: 0 or the lesion's number."""
    maps = segment_study(study, bundle, choose_compute(), lambda stage, done, whole: None).maps
    gated = apply_gate(maps, bundle.config.tau, bundle.config.alpha)
    adc = to_array(resample(study.volume(Modality.ADC), study.grid))
    found, base = (
        find_lesions(mask, maps, adc, bundle.config.minimum_lesion_ml)[0] > 0 for mask in (gated.mask, gated.base_mask)
    )
    spacing = study.grid.spacing[::-1]
    detection = detect(truth, found, spacing, bundle.config.minimum_lesion_ml)
    positive = bool(truth.any())
    row = Row(name, positive, overlap(truth > 0, found).dice, overlap(truth > 0, base).dice, detection)
    dice = f"Dice {row.dice:.2f} (base {row.base_dice:.2f})" if positive else "no lesion"
    print(f"{name}: {detection.found} of {detection.lesions} found, {detection.false_positives} false, {dice}")
    return row


def summary(rows: list[Row]) -> str:
    lesions, found = (sum(getattr(row.detection, name) for row in rows) for name in ("lesions", "found"))
    false = [row.detection.false_positives for row in rows]
    positives = [row for row in rows if row.positive]
    negatives = [row for row in rows if not row.positive]
    silent = sum(row.detection.false_positives == 0 for row in negatives)
    return (
        f"{len(rows)} studies: Dice on {len(positives)} positives {np.mean([r.dice for r in positives]):.3f} "
        f"(without the refiner {np.mean([r.base_dice for r in positives]):.3f}), sensitivity {found} of {lesions}, "
        f"{np.mean(false):.2f} false positives a study, nothing found in {silent} of {len(negatives)} negatives"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="model bundle (default: the starter model)")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FRESH_SEED)
    parser.add_argument("--family", choices=("standard", "holdout"), default="standard", help="of phantoms")
    parser.add_argument("--images", type=Path, help="folder of a real study with PI-CAI names, instead of phantoms")
    parser.add_argument("--label", type=Path, help="its lesion label")
    arguments = parser.parse_args()
    bundle = load_bundle(arguments.model or starter_bundle_path())
    if arguments.images:
        study = read_study_files(find_study_files(arguments.images))
        label = to_array(resample(sitk.ReadImage(str(arguments.label)), study.grid, NEAREST)) > 0
        judged("real study", study, label.astype(np.uint8), bundle)
        return
    rows = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.count):
        phantom = make_phantom(seed, family=arguments.family)
        rows.append(judged(f"phantom {seed}", phantom.study, to_array(phantom.truth.lesions), bundle))
    print(summary(rows))


if __name__ == "__main__":
    main()
