"""Prompt cases from phantoms that the base network was never trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ...core.geometry import to_array
from ...core.lexicon import CONCEPTS
from ...core.spellings import english
from ...inference.device import Compute
from ...inference.segment import forward_pass
from ...network.bundle import Bundle
from ...network.prompted.head import PromptedHead
from ...network.prompted.settings import PromptedSettings
from ...phantom import gland_zones
from ..cases import labels_on
from ..unseen_phantoms import unseen_phantom
from .cases import PromptCase, described_lesions, prompt_case
from .fit import HEADS, HIDDEN, TRUST, WIDTH

OTHER_VOXELS = 2500


def settings_for(bundle: Bundle) -> PromptedSettings:
    """The head that reads this bundle's decoder."""
    finest, second, *_ = bundle.config.architecture.features_per_stage
    return PromptedSettings(tuple(CONCEPTS), dict(english().spellings), WIDTH, HEADS, HIDDEN, (finest, second), TRUST)


def phantom_prompt_cases(bundle: Bundle, seeds: Sequence[int], compute: Compute) -> Iterator[PromptCase]:
    """One a seed, as the bundle's network sees it, with places told from the true zones."""
    reader = replace(bundle, prompted=PromptedHead(settings_for(bundle)))  # so that decoder features are kept
    for seed in seeds:
        phantom = unseen_phantom(seed, "standard")
        region = forward_pass(phantom.study, reader, compute, lambda _stage, _done, _whole: None).region
        box, features = region.head_features
        lesions = to_array(phantom.truth.lesions)
        described = described_lesions(lesions, gland_zones(to_array(phantom.truth.zones)), phantom.study.grid)
        rng = np.random.default_rng(seed)
        yield prompt_case(features, labels_on(phantom.truth.lesions, region.grid)[box], described, rng, OTHER_VOXELS)
