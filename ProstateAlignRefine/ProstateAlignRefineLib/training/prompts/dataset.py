"""Prompt cases from a prepared data set: places told from its labels and its zone masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ...core.anatomy import GlandZone
from ...core.errors import InputError
from ...core.storage.volume_files import read_image
from ...inference.device import Compute
from ...inference.segment import forward_pass
from ...network.bundle import Bundle
from ...network.prompted.head import PromptedHead
from ..cases import labels_on
from ..dataset import read_prepared
from ..layout import ZONES
from ..lesion_numbers import numbered_lesions
from ..manifest import Manifest, ManifestCase
from ..zones import zone_codes
from .cases import PromptCase, described_lesions, prompt_case
from .phantoms import OTHER_VOXELS, settings_for


def teaching_cases(manifest: Manifest, test_fold: int) -> list[ManifestCase]:
    """Those outside the test fold whose zones are known, without which no place can be told; InputError without any."""
    if test_fold not in {case.fold for case in manifest.cases}:
        raise InputError(f"The dataset has no fold {test_fold}; name the fold that the model was tested on.")
    cases = [case for case in manifest.cases if case.fold != test_fold and ZONES in case.files]
    if not any(case.positive for case in cases):
        raise InputError(
            "No case outside the test fold has both a lesion and a mask of its zones, from which places are told; "
            "prepare the dataset with --zones."
        )
    return cases


def dataset_prompt_cases(
    bundle: Bundle, manifest: Manifest, cases: Sequence[ManifestCase], compute: Compute
) -> Iterator[PromptCase]:
    """One a case, as the bundle's network sees it."""
    reader = replace(bundle, prompted=PromptedHead(settings_for(bundle)))  # so that decoder features are kept
    for number, case in enumerate(cases):
        paths = {name: manifest.path(case, name) for name in case.files}
        read = read_prepared(case.name, paths, case.sha256)
        zones = zone_codes(read_image(paths[ZONES], ZONES), None, read.study.grid)
        assert zones is not None
        lesions = numbered_lesions(read.lesions)
        known = np.where(zones > max(GlandZone), GlandZone.OUTSIDE, zones).astype(np.uint8)
        described = described_lesions(labels_on(lesions, read.study.grid), known, read.study.grid)
        region = forward_pass(read.study, reader, compute, lambda _stage, _done, _whole: None).region
        box, features = region.head_features
        rng = np.random.default_rng(number)
        yield prompt_case(features, labels_on(lesions, region.grid)[box], described, rng, OTHER_VOXELS)
