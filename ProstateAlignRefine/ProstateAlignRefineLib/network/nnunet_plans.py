"""nnU-Net v2 plans and dataset files: what they say of the network, and refusal of what it cannot express."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bundle.config import LEAKY_SLOPE, NORM_EPSILON, Preprocessing, Triple
from ..core.errors import InputError
from ..core.plain_data import named, read_json

REGION_MM = 128.0  # a centre region of this size holds the lesion in 99.8 % of the 423 positive studies of PI-CAI
CHANNEL_NAMES = {"t2w": "T2W", "t2": "T2W", "adc": "ADC", "hbv": "HBV", "dwi": "HBV"}


@dataclass(frozen=True)
class NnunetPlan:
    """One configuration of a plans file; triples are (z, y, x)."""

    features_per_stage: tuple[int, ...]
    strides: tuple[Triple, ...]
    preprocessing: Preprocessing


def read_plan(path: Path, configuration: str) -> NnunetPlan:
    """InputError, one sentence, where the file or the network it plans cannot be used."""
    plans = _read_json(path)
    settings = _configuration(plans, configuration)
    try:
        _refuse_unless_plain(plans, settings)
        return _plan(settings)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(
            f"The plans file lacks {named([str(error)])} for the configuration '{configuration}' or gives it in an "
            "unknown form; give the plans.json of nnU-Net 2.5 or newer that the checkpoint was trained with."
        ) from error


def read_channels(path: Path) -> tuple[str, ...]:
    """The order of the input channels in dataset.json, as T2W, ADC and HBV; its labels must be one lesion class."""
    dataset = _read_json(path)
    labels, names = dataset.get("labels"), dataset.get("channel_names")
    if not isinstance(labels, dict) or sorted(map(str, labels.values())) != ["0", "1"]:
        raise InputError("dataset.json must have the labels background (0) and one lesion class (1), and no others.")
    if not isinstance(names, dict) or sorted(names) != ["0", "1", "2"]:
        raise InputError("dataset.json must name three channels (0, 1, 2): T2W, ADC and HBV in the network's order.")
    channels = tuple(CHANNEL_NAMES.get(str(names[key]).lower(), "") for key in ("0", "1", "2"))
    if sorted(channels) != ["ADC", "HBV", "T2W"]:
        given = named([str(names[key]) for key in ("0", "1", "2")])
        raise InputError(f"dataset.json names the channels {given}; name them T2W, ADC and HBV in the network's order.")
    return channels


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = read_json(path, f"'{path.name}'", "give the one saved beside the checkpoint")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"The file '{path.name}' does not exist; give the one saved beside the checkpoint.") from None
    if not isinstance(data, dict):
        raise InputError(f"'{path.name}' is not a JSON object; give the one saved beside the checkpoint.")
    return data


def _configuration(plans: dict[str, Any], name: str) -> dict[str, Any]:
    """A configuration with what it inherits (nnU-Net's `inherits_from`)."""
    configurations = plans.get("configurations")
    chain: list[dict[str, Any]] = []
    parent: object = name
    while isinstance(configurations, dict) and isinstance(parent, str) and isinstance(configurations.get(parent), dict):
        if configurations[parent] in chain:
            break
        chain.insert(0, configurations[parent])
        parent = configurations[parent].get("inherits_from")
    if not chain or isinstance(parent, str):
        raise InputError(f"The plans file has no usable configuration '{name}'; give the checkpoint's own plans.json.")
    return {key: value for settings in chain for key, value in settings.items()}


def _refuse_unless_plain(plans: dict[str, Any], settings: dict[str, Any]) -> None:
    network = settings["architecture"]["arch_kwargs"]
    norm, slope = network["norm_op_kwargs"] or {}, (network["nonlin_kwargs"] or {}).get("negative_slope", LEAKY_SLOPE)
    expectations = {
        "three-dimensional convolutions": network["conv_op"].endswith("Conv3d") and len(settings["spacing"]) == 3,
        f"affine instance normalisation with eps {NORM_EPSILON:g}": network["norm_op"].endswith("InstanceNorm3d")
        and norm.get("affine") is True
        and norm.get("eps", NORM_EPSILON) == NORM_EPSILON,
        f"leaky ReLU with slope {LEAKY_SLOPE:g}": network["nonlin"].endswith("LeakyReLU") and slope == LEAKY_SLOPE,
        "no dropout in the convolutions": network.get("dropout_op") is None,
        "untransposed axes": list(plans["transpose_forward"]) == [0, 1, 2],
        "z-score normalisation of three channels": settings["normalization_schemes"] == ["ZScoreNormalization"] * 3,
        "normalisation over the whole image": not any(settings["use_mask_for_norm"]),
        "no cascade": not settings.get("previous_stage"),
        "a first stage without stride": _triple(network["strides"][0]) == (1, 1, 1),
        "lists as long as n_stages": len(network["features_per_stage"])
        == len(network["strides"])
        == network["n_stages"],
    }
    broken = [what for what, holds in expectations.items() if not holds]
    if broken:
        raise InputError(f"The plans describe another network than Align then Refine, which needs {broken[0]}.")


def _plan(settings: dict[str, Any]) -> NnunetPlan:
    network = settings["architecture"]["arch_kwargs"]
    z, y, x = (float(value) for value in settings["spacing"])
    return NnunetPlan(
        features_per_stage=tuple(int(value) for value in network["features_per_stage"]),
        strides=tuple(_triple(value) for value in network["strides"]),
        preprocessing=Preprocessing((z, y, x), REGION_MM, _triple(settings["patch_size"]), "image", False),
    )


def _triple(value: Any) -> Triple:
    z, y, x = (value,) * 3 if isinstance(value, int) else value
    return int(z), int(y), int(x)
