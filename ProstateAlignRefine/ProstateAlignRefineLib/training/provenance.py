"""What a trained bundle says of itself: told by what its run read, never by its configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..bundle.config import ModelConfig

SYNTHETIC = "Synthetic biparametric MRI made by this program; no patient was involved."
NOT_KNOWN = "not known: find out under which licence the data came before sharing this model"
OWN_LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Source:
    """The cases of a run. `data`: a sentence of what they are. `licence`: empty where nobody said it.

    `details`: for the model card alone, such as label sets and the split.
    """

    synthetic: bool
    data: str
    licence: str
    details: str


@dataclass(frozen=True)
class Start:
    """The bundle whose weights a run began with, as it spoke of itself. `sha256`: its identity."""

    sha256: str
    name: str
    training_data: str
    licence: str

    @classmethod
    def of(cls, config: ModelConfig, sha256: str) -> Start:
        """`sha256`: the identity of the bundle whose configuration `config` is."""
        return cls(sha256, config.name, config.training_data, config.licence)


@dataclass(frozen=True)
class Statement:
    """The words of a bundle, see `ModelConfig`."""

    notice: str
    training_data: str
    licence: str
    intended_use: str

    @classmethod
    def of(cls, source: Source, start: Start | None = None) -> Statement:
        """Of a run on the cases of `source`, from random weights or those of `start`."""
        licences = [source.licence or NOT_KNOWN]
        data = source.data
        if start is not None:
            data = f"{data} It started from the weights of '{start.name}', trained on: {start.training_data}"
            licences += [start.licence] if start.licence not in licences else []
        licence = "; its starting weights: ".join(licences)
        if source.synthetic and (start is None or start.training_data.startswith(SYNTHETIC)):
            return cls(
                notice="Trained on synthetic images only, not for clinical use.",
                training_data=data,
                licence=licence,
                intended_use="To try the program and to test it. It has learned from synthetic images only and must "
                "not be used for patients.",
            )
        return cls(
            notice="Research model, not for clinical use.",
            training_data=data,
            licence=licence,
            intended_use="Research on lesion segmentation in biparametric prostate MRI. Not for diagnosis.",
        )


def with_head_of(config: ModelConfig, source: Source) -> ModelConfig:
    """The configuration of a bundle that was given a head taught on `source`."""
    licence = source.licence or NOT_KNOWN
    both = config.licence if licence in config.licence else f"{config.licence}; its prompted head: {licence}"
    return replace(config, training_data=f"{config.training_data} Its prompted head: {source.data}", licence=both)
