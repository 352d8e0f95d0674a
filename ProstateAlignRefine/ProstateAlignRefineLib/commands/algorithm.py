"""`prostate-align-refine algorithm`: one study as grand-challenge.org hands it to an algorithm of PI-CAI."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..core.plain_lines import remark
from ..core.study import Modality
from .model_options import PRECISION

INPUT_FOLDERS = {
    Modality.T2W: "transverse-t2-prostate-mri",
    Modality.ADC: "transverse-adc-prostate-mri",
    Modality.HBV: "transverse-hbv-prostate-mri",
}
MAP_FILE, LIKELIHOOD_FILE = "images/cspca-detection-map/cspca_detection_map.mha", "cspca-case-level-likelihood.json"


@dataclass(frozen=True)
class AlgorithmOptions:
    input: Path
    output: Path
    model: Path
    device: str
    precision: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "algorithm",
        help="segment one study as an algorithm of grand-challenge.org (PI-CAI)",
        description="Reads one .mha file from each of images/transverse-{t2,adc,hbv}-prostate-mri and writes the "
        "detection map (each candidate with its likelihood) and the case-level likelihood, the highest of them.",
    )
    parser.add_argument(
        "--input", type=Path, default=Path("/input"), metavar="DIR", help="folder of the three images (default: /input)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("/output"),
        metavar="DIR",
        help="folder for map and likelihood (default: /output)",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="BUNDLE", help="model bundle")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"), help=PRECISION)
    parser.set_defaults(options=AlgorithmOptions, run=run)


def run(options: AlgorithmOptions) -> int:
    import numpy as np

    from ..core.gate import gated_margin
    from ..core.geometry import to_image
    from ..core.orientation import laid_on
    from ..core.storage.files import replacing_file
    from ..core.storage.image_writing import write_image
    from ..core.study_files import read_study_files
    from ..evaluation.calibration import probabilities
    from ..evaluation.extraction import extract_candidates
    from ..inference.device import told_precision
    from ..inference.engine.choice import compute_for, load_for
    from ..inference.segment import segment_study

    detection_map, likelihood = (_free(options.output / name) for name in (MAP_FILE, LIKELIHOOD_FILE))
    compute = compute_for(options.model, options.device, options.precision)
    if told := told_precision(options.precision, compute):
        remark(told)
    bundle = load_for(options.model, compute.without_torch)
    study = read_study_files({modality: _only(options.input / "images" / n) for modality, n in INPUT_FOLDERS.items()})
    maps = segment_study(study, bundle, compute, lambda _stage, _done, _all: None).maps
    margin = gated_margin(maps, bundle.config.tau, bundle.config.alpha)
    candidates = extract_candidates(probabilities(margin).astype(np.float32))
    stored = study.stored or maps.grid
    for path in (detection_map, likelihood):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(likelihood) as path:
        path.write_text(json.dumps(float(candidates.max())) + "\n", encoding="utf-8")
        write_image(to_image(laid_on(candidates, maps.grid, stored), stored), detection_map)
    print(f"The case-level likelihood is {float(candidates.max()):.4f}.")
    return 0


def _only(folder: Path) -> Path:
    found = sorted(folder.glob("*.mha")) if folder.is_dir() else []
    if len(found) != 1:
        raise InputError(f"images/{folder.name} must hold one .mha file, it holds {len(found)}; give one study.")
    return found[0]


def _free(path: Path) -> Path:
    if path.exists():
        raise InputError(f"'{path.name}' is in the output folder already; name an empty folder.")
    return path
