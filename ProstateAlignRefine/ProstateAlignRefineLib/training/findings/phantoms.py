"""Findings in phantoms that the base network was never trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.geometry import resample, to_array
from ...core.study import Modality
from ...inference.device import Compute
from ...inference.segment import segment_entered
from ...network.bundle import Bundle
from ...phantom import Sampling, make_phantom
from ...phantom.generate import Family
from .cases import FindingCase, FindingGate, finding_case

SPACINGS_MM = ((0.75, 0.75, 3.0), (0.75, 0.75, 3.0), (0.75, 0.75, 3.6), (0.5, 0.5, 3.0))
DEPTHS_MM = (57.0, 66.0, 72.0, 81.0)
FIELD_MM = 132.0


def gate_of(bundle: Bundle) -> FindingGate:
    """The bundle's own."""
    config = bundle.config
    return FindingGate(config.tau, config.alpha, config.minimum_lesion_ml)


def phantom_finding_cases(
    bundle: Bundle, seeds: Sequence[int], compute: Compute, family: Family = "standard"
) -> Iterator[FindingCase]:
    """One a seed, found at the bundle's own gate and with its own prompt."""
    for seed in seeds:
        turn, depth = divmod(seed, len(DEPTHS_MM))
        field = (FIELD_MM, FIELD_MM, DEPTHS_MM[depth])
        phantom = make_phantom(seed, Sampling.of_field(SPACINGS_MM[turn % len(SPACINGS_MM)], field), family)
        maps = segment_entered(phantom.study, bundle, compute, lambda _stage, _done, _whole: None).maps
        images = {modality: to_array(resample(phantom.study.volume(modality), maps.grid)) for modality in Modality}
        yield finding_case(maps, images, to_array(phantom.truth.lesions), gate_of(bundle))
