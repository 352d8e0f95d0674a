"""Edit cases from phantoms that the base network was never trained on, of its own family or of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...inference.device import Compute
from ...inference.segment import forward_pass
from ...network.boundary.settings import BoundarySettings
from ...network.bundle import Bundle
from ...phantom.generate import Family
from ..unseen_phantoms import unseen_phantom
from .cases import EditCase, edit_cases


def phantom_edit_cases(
    bundle: Bundle, settings: BoundarySettings, seeds: Sequence[int], compute: Compute, family: Family
) -> Iterator[list[EditCase]]:
    """Those of one study a seed, as the bundle's network sees it; of many there are none."""
    bundle = replace(bundle, boundary=None)  # else the network's own refiner, which it is compared with, is not asked
    for seed in seeds:
        phantom = unseen_phantom(seed, family)
        region = forward_pass(phantom.study, bundle, compute, lambda _stage, _done, _whole: None).region
        yield list(edit_cases(bundle, settings, (phantom.study, region), phantom.truth, seed))
