"""Training cases on the network grid, kept as files."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from tqdm import tqdm

from ..core.files import replacing_file
from ..core.geometry import Grid, resample, to_array
from ..inference.preprocess import network_volumes
from ..model import schema
from ..phantom import Sampling, make_phantom
from .config import PhantomData, TrainingConfig

LIBRARY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Case:
    """`volumes` [C, Z, Y, X] float16, z-scored; `lesions` [Z, Y, X] uint8 numbers, 0 for none; spacing (z, y, x)."""

    name: str
    volumes: NDArray[np.float16]
    lesions: NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Cases:
    """Disjoint shares: for gradients, for choosing weights and temperature, and for the final figures alone."""

    training: tuple[Case, ...]
    validation: tuple[Case, ...]
    test: tuple[Case, ...]


def prepare_phantoms(config: TrainingConfig, cache: Path, workers: int) -> Cases:
    """The configuration's phantoms, made by `workers` processes where `cache` does not hold them yet."""
    folder = cache / _fingerprint(config)
    data = config.data
    first = data.first_seed
    seeds = range(first, first + data.training + data.validation + data.test)
    _make_missing(config, folder, [seed for seed in seeds if not _file(folder, seed).is_file()], workers)
    cases = tuple(load_case(_file(folder, seed)) for seed in seeds)
    middle = data.training + data.validation
    return Cases(cases[: data.training], cases[data.training : middle], cases[middle:])


def load_case(path: Path) -> Case:
    with np.load(path, allow_pickle=False) as stored:
        z, y, x = (float(value) for value in stored["spacing_mm"])
        return Case(path.stem, stored["volumes"], stored["lesions"], (z, y, x))


def phantom_case(seed: int, config: TrainingConfig) -> Case:
    """The phantom of this seed, through the preprocessing that inference uses."""
    phantom = make_phantom(seed, _sampling(seed, config.data))
    volumes, grid = network_volumes(phantom.study, config.preprocessing, config.architecture.channels)
    return Case(
        f"phantom-{seed:06d}",
        volumes.astype(np.float16),
        labels_on(phantom.truth.lesions, grid),
        config.preprocessing.spacing_mm,
    )


def labels_on(labels: sitk.Image, grid: Grid) -> NDArray[np.uint8]:
    """Lesion numbers on another grid: each lesion where its linearly interpolated mask is at least one half."""
    result = np.zeros(grid.shape, np.uint8)
    for number in range(1, int(to_array(labels).max()) + 1):
        result[to_array(resample(labels == number, grid)) >= 0.5] = number
    return result


def _sampling(seed: int, data: PhantomData) -> Sampling:
    slice_mm = data.slice_mm[seed % len(data.slice_mm)]
    return Sampling.of_field((data.in_plane_mm, data.in_plane_mm, slice_mm), data.field_mm)


def _fingerprint(config: TrainingConfig) -> str:
    """Names the cache by all that decides what a seed's case holds, the code that makes it included."""
    data = {name: value for name, value in schema.to_dict(config.data).items() if name.endswith("_mm")}
    kept = [data, schema.to_dict(config.preprocessing), config.architecture.channels]
    digest = hashlib.sha256(json.dumps(kept).encode())
    for source in sorted([*LIBRARY.glob("phantom/*.py"), LIBRARY / "inference" / "preprocess.py"]):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _file(folder: Path, seed: int) -> Path:
    return folder / f"phantom-{seed:06d}.npz"


def _make_missing(config: TrainingConfig, folder: Path, seeds: Sequence[int], workers: int) -> None:
    if seeds:
        for _ in tqdm(_made(partial(_make_file, config, folder), seeds, workers), "phantoms", len(seeds), unit="case"):
            pass


def _made(make: partial[None], seeds: Sequence[int], workers: int) -> Iterator[None]:
    if workers <= 1:
        yield from map(make, seeds)
        return
    # Spawned, not forked: the parent holds the thread pools of torch and SimpleITK.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _one_thread) as pool:
        yield from pool.map(make, seeds)


def _one_thread() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def _make_file(config: TrainingConfig, folder: Path, seed: int) -> None:
    case = phantom_case(seed, config)
    with replacing_file(_file(folder, seed)) as path:
        np.savez_compressed(path, volumes=case.volumes, lesions=case.lesions, spacing_mm=case.spacing_mm)
