"""`prostate-align-refine benchmark`: how good a bundle is, as JSON, pictures and the section of its model card."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..core.errors import InputError
from ..core.storage.output import writing_folder
from .numbers import processes, resamples, whole

MOST_STUDIES = 100_000
JSON_NAME, MARKDOWN_NAME = "figures.json", "figures.md"
PICTURES = ("froc", "dice", "reliability", "degradation", "real", "worst-standard", "worst-holdout")
NAMES = (JSON_NAME, MARKDOWN_NAME, *(f"{name}.png" for name in PICTURES))


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
    parser.add_argument("--images", type=Path, metavar="DIR", help="a real study: folder of *_t2w, *_adc, *_hbv files")
    parser.add_argument("--label", type=Path, metavar="FILE", help="its lesion label")
    parser.add_argument("--gland", type=Path, metavar="FILE", help="its gland label")
    parser.add_argument("--resamples", type=resamples, default=1000, help="bootstrap resamples (default: 1000)")
    parser.add_argument("--workers", type=processes, default=1, help="processes (default: 1)")
    parser.add_argument("--write-card", action="store_true", help="put the section into the bundle's MODEL_CARD.md")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from ..benchmark.card import as_markdown
    from ..benchmark.run import BenchmarkPlan, RealFiles, measure
    from ..network.bundle import starter_bundle_path

    _check(arguments)
    real = RealFiles(arguments.images, arguments.label, arguments.gland) if arguments.images else None
    bundle = arguments.model or starter_bundle_path()
    plan = BenchmarkPlan(
        arguments.cache, arguments.count, arguments.degraded, real, arguments.resamples, arguments.workers
    )
    with writing_folder(arguments.output, "benchmark", NAMES) as draft:
        folder = draft.folder
        report = measure(bundle, plan, folder)
        (folder / JSON_NAME).write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        (folder / MARKDOWN_NAME).write_text(section := as_markdown(report), encoding="utf-8")
    if arguments.write_card:
        write_card(bundle, section)
    for one in report["targets"]:
        print(f"{one['where']}, {one['figure']}: {one['value']}, {one['target']}: {'met' if one['met'] else 'missed'}")
    print(f"The report is in {arguments.output}; see {MARKDOWN_NAME}.")
    return 0


def write_card(path: Path, section: str) -> None:
    """The bundle at `path` again, its card ending on this section; weights and text stay as they are."""
    from ..benchmark.card import with_section
    from ..bundle.summary import CARD_FILE
    from ..network.bundle import load_bundle, save_bundle

    bundle = load_bundle(path)
    card = with_section((path / CARD_FILE).read_text(encoding="utf-8"), section)
    save_bundle(path, bundle.network, bundle.config, bundle.text, card)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.count < 1 or arguments.degraded < 0 or arguments.resamples < 1:
        raise InputError("At least one study of each family and one resample are needed; raise --count or --resamples.")
    if (arguments.images is None) != (arguments.label is None):
        raise InputError("A real study needs its images and its lesion label; give --images and --label together.")
    if arguments.gland is not None and arguments.images is None:
        raise InputError("--gland belongs to a real study; give --images and --label too.")
