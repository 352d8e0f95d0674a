"""The model that options name, and a study's result with all its facts: for `segment` and `segment-cohort` alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle.starter import starter_bundle_path
from ..bundle.summary import ModelFacts
from ..core.gland_wheel import read_gland_network
from ..core.study import Study
from ..results.folder import Result, volumes_on_t2w
from ..results.run import Run
from .model_options import ModelOptions

if TYPE_CHECKING:
    from ..inference.device import Compute
    from ..inference.engine.choice import Loaded
    from ..inference.segment import Segmentation


def model_folder(options: ModelOptions) -> Path:
    """The bundle named, else the starter model's."""
    return starter_bundle_path() if options.model is None else options.model


def load_model(options: ModelOptions, compute: Compute) -> Loaded:
    """The model, with the text of the prompt where one is given."""
    from ..inference.asking import with_prompt
    from ..inference.engine.choice import load_for

    bundle = load_for(model_folder(options), compute.without_torch)
    return bundle if options.prompt is None else with_prompt(bundle, options.prompt)


def gland_graph(options: ModelOptions) -> bytes | None:
    """The gland network where one is asked for; InputError where the file is another."""
    return None if options.gland_wheel is None else read_gland_network(options.gland_wheel)


def result_of(
    study: Study, segmentation: Segmentation, bundle: Loaded, options: ModelOptions, before: Mapping[str, float]
) -> Result:
    """`before`: seconds by stage, of the stages before the network."""
    run = _run_of(study, segmentation, bundle, options, before)
    tau, alpha = options.gate(bundle.config)
    setting = replace(run.own_setting.moved(tau, alpha), false_positives=options.false_positives)
    return Result(volumes_on_t2w(study), segmentation.maps, study.headers, run, setting, stored=study.stored)


def _run_of(
    study: Study, segmentation: Segmentation, bundle: Loaded, options: ModelOptions, before: Mapping[str, float]
) -> Run:
    from ..inference.versions import versions

    return Run(
        model=ModelFacts.of(bundle.config),
        prompt=options.prompt_in_force(bundle.config),
        device=segmentation.compute.description,
        precision=segmentation.compute.precision,
        sources={modality.value: reason for modality, reason in study.reasons.items()},
        versions=versions(),
        seconds={**before, **segmentation.seconds},
        cautions=segmentation.cautions,
        gland_by=segmentation.gland_by,
    )
