"""`prostate-align-refine benchmark`: how good a bundle is, as JSON, pictures and the section of its model card."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InputError
from ..core.plain_lines import remark
from ..core.storage.output import writing_folder
from .numbers import processes, resamples, whole

if TYPE_CHECKING:
    from ..benchmark.run import RealFiles

MOST_STUDIES = 100_000
JSON_NAME, MARKDOWN_NAME = "figures.json", "figures.md"
PICTURES = ("froc", "dice", "reliability", "degradation", "real", "worst-standard", "worst-holdout")
NAMES = (JSON_NAME, MARKDOWN_NAME, *(f"{name}.png" for name in PICTURES))


@dataclass(frozen=True)
class BenchmarkOptions:
    model: Path | None
    output: Path
    cache: Path
    count: int
    degraded: int
    prompted: int
    images: Path | None
    label: Path | None
    gland: Path | None
    resamples: int
    workers: int
    write_card: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "benchmark",
        help="measure a bundle on synthetic studies and on a real one",
        description="Judges a bundle beside trivial rules on fresh studies of both generator families, under "
        "degradations, and on a real study where one is given. Writes figures.json, figures.md and pictures.",
    )
    parser.add_argument("--model", type=Path, metavar="BUNDLE", help="model bundle (default: the starter model)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the report")
    parser.add_argument("--cache", type=Path, required=True, metavar="DIR", help="where synthetic studies are kept")
    parser.add_argument("--count", type=whole(1, MOST_STUDIES), default=40, help="studies of each family (default: 40)")
    parser.add_argument("--degraded", type=whole(0, MOST_STUDIES), default=16, help="of them to degrade (default: 16)")
    parser.add_argument("--prompted", type=whole(0, MOST_STUDIES), default=16, help="to ask for places (default: 16)")
    parser.add_argument("--images", type=Path, metavar="DIR", help="a real study: folder of *_t2w, *_adc, *_hbv files")
    parser.add_argument("--label", type=Path, metavar="FILE", help="its lesion label")
    parser.add_argument("--gland", type=Path, metavar="FILE", help="its gland label")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.add_argument("--workers", type=processes, default=1, help="processes (default: 1)")
    parser.add_argument("--write-card", action="store_true", help="put the section into the bundle's MODEL_CARD.md")
    parser.set_defaults(options=BenchmarkOptions, run=run)


def run(options: BenchmarkOptions) -> int:
    from ..benchmark.card import as_markdown
    from ..benchmark.run import BenchmarkPlan, measure
    from ..network.bundle import starter_bundle_path

    real = _real(options)
    bundle = options.model or starter_bundle_path()
    counts = options.count, options.degraded, options.prompted
    plan = BenchmarkPlan(options.cache, *counts, real, options.resamples, options.workers)
    with writing_folder(options.output, "benchmark", NAMES) as draft:
        folder = draft.folder
        report = measure(bundle, plan, folder)
        (folder / JSON_NAME).write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        (folder / MARKDOWN_NAME).write_text(section := as_markdown(report), encoding="utf-8")
    if options.write_card:
        write_card(bundle, section)
    for one in report["targets"]:
        print(f"{one['where']}, {one['figure']}: {one['value']}, {one['target']}: {'met' if one['met'] else 'missed'}")
    remark(f"The report is in {options.output}; see {MARKDOWN_NAME}.")
    return 0


def write_card(path: Path, section: str) -> None:
    """The bundle at `path` again, its card ending on this section; all else stays as it is."""
    from ..benchmark.card import with_section
    from ..bundle.config import read_config
    from ..bundle.rewriting import rewrite_bundle
    from ..bundle.summary import CARD_FILE

    card = with_section((path / CARD_FILE).read_text(encoding="utf-8"), section)
    rewrite_bundle(path, path, read_config(path), card)


def _real(options: BenchmarkOptions) -> RealFiles | None:
    """InputError where files of a real study are given, but not all that it needs."""
    from ..benchmark.run import RealFiles

    if (options.images is None) != (options.label is None):
        raise InputError("A real study needs its images and its lesion label; give --images and --label together.")
    if options.images is None or options.label is None:
        if options.gland is not None:
            raise InputError("--gland belongs to a real study; give --images and --label too.")
        return None
    return RealFiles(options.images, options.label, options.gland)
