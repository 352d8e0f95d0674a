"""Findings in phantoms that the base network was never trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.geometry import resample, to_array
from ...core.study import Modality
from ...inference.device import Compute
from ...inference.segment import segment_entered
from ...network.bundle import Bundle
from ...phantom.generate import Family
from ..unseen_phantoms import unseen_phantom
from .cases import FindingCase, FindingGate, finding_case


def gate_of(bundle: Bundle) -> FindingGate:
    """The bundle's own."""
    config = bundle.config
    return FindingGate(config.tau, config.alpha, config.minimum_lesion_ml)


def phantom_finding_cases(
    bundle: Bundle, seeds: Sequence[int], compute: Compute, family: Family = "standard"
) -> Iterator[FindingCase]:
    """One a seed, found at the bundle's own gate and with its own prompt."""
    for seed in seeds:
        phantom = unseen_phantom(seed, family)
        maps = segment_entered(phantom.study, bundle, compute, lambda _stage, _done, _whole: None).maps
        images = {modality: to_array(resample(phantom.study.volume(modality), maps.grid)) for modality in Modality}
        yield finding_case(maps, images, to_array(phantom.truth.lesions), gate_of(bundle))
