"""Phantoms as training cases, made once and kept as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ..bundle.statement import SYNTHETIC
from ..core import schema
from ..core.geometry import NEAREST, resample, to_array
from ..inference.preprocess import network_volumes
from ..phantom import GENERATOR, Sampling, gland_zones, make_phantom
from ..phantom.generate import Family
from .case_cache import case_key, keep_cases, load_case
from .cases import Case, Cases, CaseShare, LabelledStudy, labels_on
from .config import PhantomData, TrainingConfig
from .provenance import OWN_LICENCE, Source


def prepare_phantoms(config: TrainingConfig, cache: Path, workers: int) -> Cases:
    """The configuration's phantoms, made by `workers` processes where `cache` does not hold them yet."""
    data = config.data
    assert isinstance(data, PhantomData)
    fingerprint = _fingerprint(config, data)
    folder = cache / fingerprint[:12]
    seeds = range(data.first_seed, data.first_seed + data.training + data.validation + data.test)
    keep_cases([(_file(folder, seed), seed) for seed in seeds], partial(phantom_case, config), workers, "phantoms")
    cases = [load_case(_file(folder, seed), _name(seed)) for seed in seeds]
    middle = data.training + data.validation
    training, validation, test = cases[: data.training], cases[data.training : middle], cases[middle:]
    studies = partial(_studies, seeds[middle:], data)
    source = _source(seeds)
    return Cases(CaseShare.of(training), CaseShare.of(validation), CaseShare.of(test), fingerprint, studies, source)


def phantom_case(config: TrainingConfig, seed: int) -> Case:
    """The phantom of this seed, through the preprocessing that inference uses."""
    assert isinstance(config.data, PhantomData)
    phantom = make_phantom(seed, _sampling(seed, config.data), _family(seed, config.data))
    volumes, grid = network_volumes(phantom.study, config.preprocessing, config.architecture.channels)
    return Case(
        _name(seed),
        volumes.astype(np.float16),
        labels_on(phantom.truth.lesions, grid),
        config.preprocessing.spacing_mm,
        gland_zones(to_array(resample(phantom.truth.zones, grid, NEAREST))),
    )


def _studies(seeds: Sequence[int], data: PhantomData) -> Iterator[LabelledStudy]:
    for seed in seeds:
        phantom = make_phantom(seed, _sampling(seed, data), _family(seed, data))
        yield LabelledStudy(_name(seed), phantom.study, phantom.truth.lesions)


def _source(seeds: range) -> Source:
    details = f"Synthetic studies of the seeds {seeds[0]} to {seeds[-1]}, generator {GENERATOR}."
    return Source(synthetic=True, data=SYNTHETIC, licence=OWN_LICENCE, details=details)


def _name(seed: int) -> str:
    return f"phantom-{seed:06d}"


def _family(seed: int, data: PhantomData) -> Family:
    """By the seed, so that a case stays what it is where more of them are asked for."""
    drawn = np.random.default_rng([seed, 50]).random()
    return "varied" if drawn < data.varied_share else "standard"


def _sampling(seed: int, data: PhantomData) -> Sampling:
    turn, slices = divmod(seed, len(data.slice_mm))
    spacing = (data.in_plane_mm, data.in_plane_mm, data.slice_mm[slices])
    return Sampling.of_field(spacing, (*data.field_mm, data.depth_mm[turn % len(data.depth_mm)]))


def _fingerprint(config: TrainingConfig, data: PhantomData) -> str:
    """Of all that decides what a seed's case holds."""
    lengths = {name: value for name, value in schema.to_dict(data).items() if name.endswith("_mm")}
    shares = [data.varied_share] if data.varied_share else []
    return case_key(GENERATOR, lengths, *shares, schema.to_dict(config.preprocessing), config.architecture.channels)


def _file(folder: Path, seed: int) -> Path:
    return folder / f"{_name(seed)}.npz"
