"""The configuration of a bundle that was trained on nothing."""

from typing import Any

from ProstateAlignRefineLib.bundle.config import FORMAT_VERSION, ONE_FORWARD, Architecture, ModelConfig, Preprocessing


def small_config(architecture: Architecture, preprocessing: Preprocessing, **others: Any) -> ModelConfig:
    """With the names, texts and smallest volume in `others`."""
    return ModelConfig(
        format_version=FORMAT_VERSION,
        architecture=architecture,
        preprocessing=preprocessing,
        inference=ONE_FORWARD,
        confidence="softmax_foreground",
        tau=0.35,
        alpha=0.25,
        prompt="prostate lesion",
        training_data="none",
        licence="Apache-2.0",
        intended_use="tests",
        files={},
        **others,
    )
