"""Import of an nnU-Net checkpoint of the authors' code as a model bundle, every weight accounted for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..bundle.config import (
    FORMAT_VERSION,
    ONE_FORWARD,
    Architecture,
    InferenceSettings,
    ModelConfig,
    RefinerSettings,
    SimilaritySettings,
    Triple,
)
from ..bundle.stored_text import UNIT_TOLERANCE
from ..core.errors import InputError
from ..core.plain_data import named
from .bundle import save_bundle
from .checkpoint_file import configuration_name, distinct_weights, read_checkpoint
from .finiteness import check_finite
from .network import AlignRefineNetwork
from .nnunet_plans import NnunetPlan, read_channels, read_plan
from .text import TextEmbedding, one_token
from .weight_names import own_name

PROMPT = "prostate lesion"
TEXT_ENCODER = "hf-hub:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"
TAU, ALPHA = 0.35, 0.25  # paper
PUBLISHED_INFERENCE = InferenceSettings("always", ("z", "y", "x"))
PUBLISHED_REGION_MM = 192.0  # PI-CAI's usual field of view
MINIMUM_LESION_ML = 0.065  # a sphere of 5 mm
HEADS = 4  # authors' code; with one token every number of heads computes the same
MODEL_CARD = """# Imported Align then Refine checkpoint

Converted from an nnU-Net checkpoint of the authors' code, every weight accounted for; it computes the same to rounding.
One text token, the pooled prompt vector, guides it: the refiner adds the same vector at every voxel.
Training data, licence and figures are those of the checkpoint, which does not record them.

Research use only, not for clinical use.
"""
TEXT_HEAD = ("align_conv.weight", "align_conv.bias", "text_proj.weight")
REFINER = ("gamma", "to_d.weight", "from_d.weight", "q.weight", "k.weight", "v.weight", "mha.in_proj_weight")


@dataclass(frozen=True)
class ImportReport:
    """What an import did: the bundle, the weights used (authors' names), and {duplicate: the weight it repeats}."""

    bundle: Path
    config: ModelConfig
    used: tuple[str, ...]
    duplicates: Mapping[str, str]
    parameters: int


def import_checkpoint(
    checkpoint: Path | str,
    plans: Path | str,
    dataset: Path | str,
    text_embedding: Path | str,
    output: Path | str,
    *,
    as_published: bool = False,
) -> ImportReport:
    """Write the bundle `output` from an nnU-Net v2 checkpoint, its plans.json and dataset.json, and a text vector.

    `text_embedding`: .npy, [D] or [N, D] for N prompts (averaged, renormalised); it becomes the only text token.
    `as_published`: the bundle reads a whole field of view in mirrored tiles, not the prostate's region in one forward.
    InputError, one sentence, where a weight is left over or missing, or the plans describe another network.
    """
    contents = read_checkpoint(Path(checkpoint))
    check_finite(contents["network_weights"], Path(checkpoint).name)
    plan = read_plan(Path(plans), configuration_name(contents))
    if as_published:
        plan = replace(plan, preprocessing=replace(plan.preprocessing, region_mm=PUBLISHED_REGION_MM))
    channels = read_channels(Path(dataset))
    weights, duplicates = distinct_weights(contents, len(plan.features_per_stage))
    _require_parts(weights)
    architecture = _architecture(weights, plan, channels)
    network = _network(architecture, weights)
    text = _text(Path(text_embedding), architecture.text_width)
    config = save_bundle(output, network, _config(architecture, plan, as_published), text, MODEL_CARD)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return ImportReport(Path(output), config, tuple(weights), duplicates, parameters)


def _require_parts(weights: Mapping[str, Tensor]) -> None:
    refiner = [f"_refiner.{name}" for name in REFINER]
    for part, names in (("text head", TEXT_HEAD), ("refiner", refiner)):
        missing = [name for name in names if name not in weights]
        if missing:
            raise InputError(
                f"The checkpoint has no complete {part} (missing: {', '.join(missing)}); "
                "give a checkpoint of the full Align then Refine training."
            )


def _architecture(weights: Mapping[str, Tensor], plan: NnunetPlan, channels: tuple[str, ...]) -> Architecture:
    """Widths and kernels as the weights have them; strides, which leave no trace in weights, as planned."""
    stages = range(len(plan.features_per_stage))
    first = [_weight(weights, f"encoders.0.stages.{stage}.0.conv1.weight") for stage in stages]
    features = tuple(weight.shape[0] for weight in first)
    if features != plan.features_per_stage or f"encoders.0.stages.{len(stages)}.0.conv1.weight" in weights:
        raise InputError("The plans file does not belong to the checkpoint: their stages or feature counts differ.")
    image, text, to_d = (_weight(weights, name) for name in (TEXT_HEAD[0], TEXT_HEAD[2], "_refiner.to_d.weight"))
    dim = to_d.shape[0]
    return Architecture(
        channels=channels,
        features_per_stage=features,
        kernel_sizes=tuple(_kernel(weight) for weight in first),
        strides=plan.strides,
        text_width=text.shape[1],
        similarity=SimilaritySettings(image.shape[0], (stages[-1],), temperature=1.0, learnable=False),
        refiner=RefinerSettings(dim, math.gcd(dim, HEADS), positions=False),
        anatomy=False,
    )


def _weight(weights: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in weights or weights[name].ndim < 2:
        raise InputError(f"The checkpoint lacks the weight {name} or has it in another shape; the plans may not fit.")
    return weights[name]


def _kernel(weight: Tensor) -> Triple:
    if weight.ndim != 5:
        raise InputError("The checkpoint's network is not three-dimensional; give a 3D configuration's checkpoint.")
    return weight.shape[2], weight.shape[3], weight.shape[4]


def _network(architecture: Architecture, weights: Mapping[str, Tensor]) -> AlignRefineNetwork:
    """The network with every weight in its place; InputError with the list where one is left over, missing or unfit."""
    network = AlignRefineNetwork(architecture)
    places = network.state_dict()
    author_names, unused = _author_names(weights, len(architecture.features_per_stage), places)
    if unused:
        raise InputError(f"The checkpoint has weights that no part of the network uses: {named(unused)}.")
    missing = sorted(set(places) - set(author_names))
    if missing:
        raise InputError(f"The checkpoint leaves parts of the network without weights: {named(missing)}.")
    placed = {
        own: _as_linear(weights[name]) if places[own].ndim == 2 else weights[name] for own, name in author_names.items()
    }
    unfit = [author_names[own] for own, weight in placed.items() if weight.shape != places[own].shape]
    if unfit:
        raise InputError(f"Weights of the checkpoint have other shapes than the plans say: {named(unfit)}.")
    network.load_state_dict(placed)
    return network.eval()


def _author_names(
    weights: Mapping[str, Tensor], stages: int, places: Mapping[str, Tensor]
) -> tuple[dict[str, str], list[str]]:
    """{this network's name: the authors' name}, and the authors' names of weights for which there is no place."""
    author_names: dict[str, str] = {}
    unused = []
    for name in weights:
        own = own_name(name, stages)
        if own is None or own not in places or own in author_names:
            unused.append(name)
        else:
            author_names[own] = name
    return author_names, unused


def _as_linear(weight: Tensor) -> Tensor:
    """A convolution of kernel 1 over a sequence is a linear layer."""
    return weight.squeeze(-1) if weight.ndim == 3 and weight.shape[-1] == 1 else weight


def _text(path: Path, width: int) -> TextEmbedding:
    try:
        vectors = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged file can fail anywhere in the parser
        raise InputError(f"The text embedding '{path.name}' cannot be read as a .npy file of numbers.") from error
    rows = np.atleast_2d(vectors) if isinstance(vectors, np.ndarray) else np.zeros((0, 0))
    if rows.ndim != 2 or not rows.size or rows.dtype.kind != "f" or rows.shape[1] != width:
        raise InputError(f"The text embedding '{path.name}' must hold [N, {width}] numbers, the network's text width.")
    if not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=UNIT_TOLERANCE):
        raise InputError(f"The text embedding '{path.name}' must hold vectors of unit length; encode the prompt again.")
    pooled = torch.from_numpy(rows.astype(np.float32))
    # One vector stays to the bit what the network was trained with.
    pooled = pooled[0] if len(pooled) == 1 else functional.normalize(pooled.mean(dim=0), dim=0)
    return one_token(pooled, (PROMPT,), TEXT_ENCODER)


def _config(architecture: Architecture, plan: NnunetPlan, as_published: bool) -> ModelConfig:
    return ModelConfig(
        format_version=FORMAT_VERSION,
        name="Imported Align then Refine checkpoint",
        architecture=architecture,
        preprocessing=plan.preprocessing,
        inference=PUBLISHED_INFERENCE if as_published else ONE_FORWARD,
        confidence="sigmoid_foreground_logit",
        tau=TAU,
        alpha=ALPHA,
        minimum_lesion_ml=MINIMUM_LESION_ML,
        prompt=PROMPT,
        text_encoder=TEXT_ENCODER,
        notice="Imported checkpoint: research use only.",
        training_data="As the checkpoint's authors state; not recorded in the checkpoint.",
        licence="As the checkpoint's authors state; not recorded in the checkpoint.",
        intended_use="Research; not for clinical use.",
        metrics={},
        files={},
    )
