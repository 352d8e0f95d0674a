"""`prostate-align-refine prepare`: folders of images and labels, checked and split, as a dataset to train on."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.plain_lines import remark
from .numbers import processes, seed, whole

if TYPE_CHECKING:
    from ..training.manifest import Manifest

NAMED = 5


@dataclass(frozen=True)
class PrepareOptions:
    images: Path
    labels: Path
    output: Path
    label_sets: tuple[str, ...]
    splits: Path | None
    folds: int
    seed: int
    workers: int
    zones: tuple[str, ...]
    gland: tuple[str, ...]
    licence: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "prepare",
        help="check a data set in PI-CAI's layout and write the manifest that train reads",
        description="Reads *_t2w, *_adc and *_hbv images from the folder and those below it, and lesion masks of the "
        "same names. The dataset is a manifest of the files with their SHA-256, and a report of every case.",
    )
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the images")
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="DIR", help="folder of the masks; a copy of picai_labels will do"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATASET", help="folder to write")
    parser.add_argument(
        "--label-sets",
        nargs="+",
        default=(),
        metavar="SET",
        help="label sets in order of preference (default: human_expert/resampled human_expert/Pooch25), "
        "for example AI/Bosma22a",
    )
    for kind, published in (("zones", "Yuan23 HeviAI23"), ("gland", "Bosma22b Guerbet23")):
        parser.add_argument(
            f"--{kind}",
            nargs="+",
            default=(),
            metavar="SET",
            help=f"sets of {kind} masks or folders, in order of preference (default: PI-CAI's {published}, if there)",
        )
    parser.add_argument(
        "--licence",
        default="",
        metavar="TEXT",
        help="of images and labels, for the model's card (default: as the file LICENSE with the labels says)",
    )
    parser.add_argument(
        "--splits", type=Path, metavar="FILE", help="folds: nnU-Net's splits.json, picai_baseline's folder, or a CSV"
    )
    parser.add_argument("--folds", type=whole(2, 1000), default=5, help="dealt by patient (default: 5)")
    parser.add_argument("--seed", type=seed, default=0, help="of the folds dealt (default: 0)")
    parser.add_argument("--workers", type=processes, default=1, help="processes that read cases (default: 1)")
    parser.set_defaults(options=PrepareOptions, run=run)


def run(options: PrepareOptions) -> int:
    from ..core.storage.output import writing_folder
    from ..training.manifest import MANIFEST_NAME, REPORT_NAME, write_manifest
    from ..training.prepare import RawDataset, prepare

    source = RawDataset(
        options.images,
        options.labels,
        options.label_sets,
        options.splits,
        options.folds,
        options.seed,
        options.zones,
        options.gland,
        options.licence.strip(),
    )
    with writing_folder(options.output, "dataset", (MANIFEST_NAME, REPORT_NAME)) as draft:
        manifest = prepare(source, options.workers)
        write_manifest(manifest, draft.folder)
    print(summary(manifest))
    remark(f"Every case is in {options.output / 'report.csv'}.")
    return 0


def summary(manifest: Manifest) -> str:
    """How many cases are used, from which label sets, and why the others are not."""
    from ..training.layout import GLAND, ZONES

    cases = manifest.cases
    positive = sum(case.positive for case in cases)
    patients = len({case.patient for case in cases})
    lines = [f"{len(cases)} cases of {patients} patients are used, {positive} of them with a lesion."]
    lines += [f"  {count} labels from {source}" for source, count in Counter(c.label_source for c in cases).items()]
    for kind in (ZONES, GLAND):
        sources = Counter(source for c in cases if (source := c.anatomy_sources.get(kind)))
        lines += [f"  {count} {kind} masks from {source}" for source, count in sources.items()]
    bare = sum(not case.anatomy_sources for case in cases)
    lines.append(f"  {bare} without zones or gland masks, which teach an anatomy head nothing" if bare else "")
    lines += [f"  fold {fold}: {count} cases" for fold, count in sorted(Counter(c.fold for c in cases).items())]
    if not manifest.marksheet:
        lines.append("No marksheet.csv was found with the labels: no grade is known, and no label is held against it.")
    lines.append(f"Licence: {manifest.licence or 'not known; say it with --licence'}.")
    if manifest.excluded:
        lines.append(f"{len(manifest.excluded)} cases are not used:")
        reasons = Counter(case.reason for case in manifest.excluded)
        lines += [f"  {count}: {reason}" for reason, count in reasons.most_common(NAMED)]
        if len(reasons) > NAMED:
            lines.append(f"  {len(reasons) - NAMED} further reasons, in the report")
    return "\n".join(filter(None, lines))
