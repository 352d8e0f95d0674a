"""The configuration of the bundle that a run ends in."""

from __future__ import annotations

from typing import Any

from ..bundle.config import FORMAT_VERSION, ModelConfig
from ..network.baselines import built_architecture
from .config import TrainingConfig
from .provenance import Statement


def model_config(config: TrainingConfig, statement: Statement, metrics: dict[str, Any]) -> ModelConfig:
    """The bundle's configuration; hashes of files come when it is saved."""
    settings = config.bundle
    return ModelConfig(
        format_version=FORMAT_VERSION,
        name=config.name,
        architecture=built_architecture(config.network, config.architecture),
        preprocessing=config.preprocessing,
        inference=config.inference,
        confidence=settings.confidence,
        tau=settings.tau,
        alpha=settings.alpha,
        minimum_lesion_ml=settings.minimum_lesion_ml,
        prompt=config.text.prompts[0],
        text_encoder=config.text.encoder,
        notice=statement.notice,
        training_data=statement.training_data,
        licence=statement.licence,
        intended_use=statement.intended_use,
        metrics=metrics,
        files={},
    )
