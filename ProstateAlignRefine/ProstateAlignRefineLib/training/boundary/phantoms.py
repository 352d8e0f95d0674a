"""Edit cases from phantoms that the base network was never trained on, of its own family or of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...inference.device import Compute
from ...inference.segment import forward_pass
from ...network.boundary.settings import BoundarySettings
from ...network.bundle import Bundle
from ...phantom import Sampling, make_phantom
from ...phantom.generate import Family
from .cases import EditCase, edit_cases

SPACINGS_MM = ((0.75, 0.75, 3.0), (0.75, 0.75, 3.0), (0.75, 0.75, 3.6), (0.5, 0.5, 3.0))
DEPTHS_MM = (57.0, 66.0, 72.0, 81.0)
FIELD_MM = 132.0


def phantom_edit_cases(
    bundle: Bundle, settings: BoundarySettings, seeds: Sequence[int], compute: Compute, family: Family
) -> Iterator[list[EditCase]]:
    """Those of one study a seed, as the bundle's network sees it; of many there are none."""
    for seed in seeds:
        turn, depth = divmod(seed, len(DEPTHS_MM))
        field = (FIELD_MM, FIELD_MM, DEPTHS_MM[depth])
        sampling = Sampling.of_field(SPACINGS_MM[turn % len(SPACINGS_MM)], field)
        phantom = make_phantom(seed, sampling, family)
        region = forward_pass(phantom.study, bundle, compute, lambda _stage, _done, _whole: None).region
        yield list(edit_cases(bundle, settings, (phantom.study, region), phantom.truth, seed))
