"""A whole benchmark: studies made, judged, drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from ..evaluation.statistics import SEED
from ..phantom import GENERATOR, Sampling
from ..phantom.generate import JUDGED
from ..training.pool import mapped
from .curve_plots import write_curve_plot
from .curves import curves_report, judge_degraded
from .facts import bundle_facts, run_facts
from .families import drawn_figures, family_report
from .gallery import draw_gallery
from .judging import Rows, judge_phantom, loaded_bundle
from .phantoms import cached_phantoms
from .plots import write_family_plots
from .prompt_figures import prompts_report
from .prompts import judge_prompts
from .real import judge_real, read_real
from .rules import ADC_BALL_MM, ADC_SMOOTHING_MM, HBV_BALL_MM
from .targets import verdicts

FORMAT = 1
FIRST_SEED = 900_000  # training, validation and test phantoms lie below
DEGRADED_SAMPLING = Sampling.of_field((0.75, 0.75, 3.0), (144.0, 144.0, 66.0))

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class RealFiles:
    """A study of a patient, which is not in the repository: its folder, the lesions' label, the gland's where there is
    one."""

    images: Path
    label: Path
    gland: Path | None


@dataclass(frozen=True)
class BenchmarkPlan:
    """What is measured: `count` studies of each family, of which on a coarser grid `degraded` are degraded, and
    `prompted` asked for places, where the bundle has a prompted head."""

    cache: Path
    count: int
    degraded: int
    prompted: int
    real: RealFiles | None
    resamples: int
    workers: int


def measure(bundle: Path, plan: BenchmarkPlan, folder: Path) -> dict[str, Any]:
    """The figures of a bundle, plain; pictures go to `folder`."""
    report: dict[str, Any] = {
        "format": FORMAT,
        "model": bundle_facts(loaded_bundle(bundle)),
        "protocol": _protocol(plan),
        "families": _families(bundle, plan, folder),
        "degradation": _degradation(bundle, plan, folder) if plan.degraded else None,
        "prompts": _prompts(bundle, plan) if plan.prompted and loaded_bundle(bundle).prompted else None,
        "real": None,
    }
    if plan.real:
        report["real"], facts = _real(bundle, plan.real, folder)
        report["model"] |= facts
    return {**report, "targets": verdicts(report)}


def _protocol(plan: BenchmarkPlan) -> dict[str, Any]:
    return {
        "first_seed": FIRST_SEED,
        "count": plan.count,
        "degraded": plan.degraded,
        "prompted": plan.prompted,
        "generator": GENERATOR,
        "hbv_ball_mm": HBV_BALL_MM,
        "adc_ball_mm": ADC_BALL_MM,
        "adc_smoothing_mm": ADC_SMOOTHING_MM,
        "resamples": plan.resamples,
        "seed": SEED,
    }


def _families(bundle: Path, plan: BenchmarkPlan, folder: Path) -> dict[str, Any]:
    reports: dict[str, Any] = {}
    judged: dict[str, list[Rows]] = {}
    for family in JUDGED:
        paths = cached_phantoms(plan.cache, family, _seeds(plan.count), None, plan.workers)
        judged[family] = _each(partial(judge_phantom, bundle), paths, plan.workers, f"{family} studies")
        draw = partial(
            _each, partial(drawn_figures, resamples=plan.resamples), workers=plan.workers, said=f"{family} intervals"
        )
        reports[family] = family_report(judged[family], draw, plan.resamples)
        worst = [path for path in paths if path.name in reports[family]["worst"]]
        draw_gallery(bundle, worst).save(folder / f"worst-{family}.png")
    write_family_plots(judged, folder)
    return reports


def _degradation(bundle: Path, plan: BenchmarkPlan, folder: Path) -> dict[str, Any]:
    paths = [
        path
        for family in JUDGED
        for path in cached_phantoms(plan.cache, family, _seeds(plan.degraded), DEGRADED_SAMPLING, plan.workers)
    ]
    rows = _each(partial(judge_degraded, bundle), paths, plan.workers, "degraded studies")
    report = curves_report(rows, plan.resamples)
    write_curve_plot(report, folder / "degradation.png")
    return report


def _prompts(bundle: Path, plan: BenchmarkPlan) -> dict[str, Any]:
    reports: dict[str, Any] = {}
    for family in JUDGED:
        paths = cached_phantoms(plan.cache, family, _seeds(plan.prompted), DEGRADED_SAMPLING, plan.workers)
        rows = _each(partial(judge_prompts, bundle), paths, plan.workers, f"{family} prompts")
        reports[family] = prompts_report(rows, plan.resamples)
    return reports


def _real(bundle: Path, files: RealFiles, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of the study, and facts of the run."""
    loaded = loaded_bundle(bundle)
    real = read_real(files.images, files.label, files.gland)
    report, picture = judge_real(real, loaded)
    picture.save(folder / "real.png")
    return report, run_facts(loaded, files.images, real.study.grid)


def _seeds(count: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + count)


def _each(function: Callable[[Item], Result], items: Sequence[Item], workers: int, said: str) -> list[Result]:
    return list(tqdm(mapped(function, items, workers), said, len(items)))
