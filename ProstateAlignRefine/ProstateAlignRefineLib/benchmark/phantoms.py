"""Phantoms as studies whose truth is known, made once and kept as files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from ..core.geometry import to_array
from ..phantom import GENERATOR, Sampling, gland_zones, make_phantom
from ..phantom.generate import Family
from ..training.pool import mapped
from .phantom_study import PhantomStudy, save_phantom_study


def cached_phantoms(
    cache: Path, family: Family, seeds: Sequence[int], sampling: Sampling | None, workers: int
) -> list[Path]:
    """Folders of `load_phantom_study`, one a seed; those that `cache` lacks are made by `workers` processes.

    They lie under the generator's number, so that no study of an older generator is taken for one of this.
    """
    grids = "full" if sampling is None else "x".join(f"{n}" for n in (*sampling.size, *sampling.spacing))
    folder = cache / f"generator-{GENERATOR}" / f"{family}-{grids}"
    paths = [folder / f"phantom-{seed:06d}" for seed in seeds]
    missing = [(seed, path) for seed, path in zip(seeds, paths, strict=True) if not path.is_dir()]
    if missing:
        made = mapped(partial(_make, family, sampling), missing, workers)
        for _ in tqdm(made, f"{family} phantoms", len(missing), unit="study"):
            pass
    return paths


def _make(family: Family, sampling: Sampling | None, item: tuple[int, Path]) -> None:
    seed, path = item
    phantom = make_phantom(seed, sampling, family)
    truth = phantom.truth
    save_phantom_study(
        PhantomStudy(path.name, phantom.study, to_array(truth.lesions), gland_zones(to_array(truth.zones))), path
    )
