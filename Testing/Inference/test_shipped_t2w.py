"""The model that ships looks at the T2W: without it, or with its tones turned round, it outlines lesions otherwise.

How much is found then stands in its card: these are the same changes, `benchmark` measures them on more studies.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from host.random_bundle import silent
from ProstateAlignRefineLib.benchmark.degradations import t2w_inverted, without_t2w
from ProstateAlignRefineLib.core.study import Study
from ProstateAlignRefineLib.evaluation.metrics import overlap
from ProstateAlignRefineLib.inference.device import Compute
from ProstateAlignRefineLib.inference.segment import segment_entered
from ProstateAlignRefineLib.network.bundle import Bundle, load_bundle, starter_bundle_path
from ProstateAlignRefineLib.phantom import Sampling, make_phantom

SEEDS = (610002, 610010)  # each with findings
MOST_AGREEMENT = 0.97
"""Dice of the outlines with and without; a network that ignores the T2W has 1."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(starter_bundle_path())


@pytest.fixture(scope="module")
def studies() -> list[Study]:
    sampling = Sampling.of_field((0.75, 0.75, 3.0), (132.0, 132.0, 66.0))
    return [make_phantom(seed, sampling).study for seed in SEEDS]


@pytest.fixture(scope="module")
def as_acquired(bundle: Bundle, studies: list[Study]) -> list[np.ndarray]:
    return [outlined(study, bundle) for study in studies]


def outlined(study: Study, bundle: Bundle) -> np.ndarray:
    return segment_entered(study, bundle, Compute(torch.device("cpu"), "fp32"), silent).maps.base_margin > 0


@pytest.mark.parametrize("change", [without_t2w, t2w_inverted])
def test_another_t2w_is_another_answer(
    change: Callable[[Study, str], Study], bundle: Bundle, studies: list[Study], as_acquired: list[np.ndarray]
) -> None:
    agreements = [
        overlap(before, outlined(change(study, ""), bundle)).dice
        for study, before in zip(studies, as_acquired, strict=True)
    ]
    assert float(np.mean(agreements)) < MOST_AGREEMENT
