"""What a trained bundle says of itself: told by what its run read, never by its configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..bundle.config import ModelConfig
from ..bundle.statement import HEAD, RESEARCH_NOTICE, RESEARCH_USE, only_synthetic
from .unseen import trained_on

NOT_KNOWN = "not known: find out under which licence the data came before sharing this model"
OWN_LICENCE = "Apache-2.0"
SAID = {
    "notice": "",
    "intended_use": "**Intended use.** ",
    "training_data": "**Training data.** ",
    "licence": "**Licence.** ",
}
"""What a model card says of these entries begins so."""


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
    """The bundle whose weights a run began with, as it spoke of itself.

    `sha256`: its identity. `trained_on`: the marks of its studies, see `unseen`.
    """

    sha256: str
    name: str
    training_data: str
    licence: str
    trained_on: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: ModelConfig, sha256: str) -> Start:
        """`sha256`: the identity of the bundle whose configuration `config` is."""
        marks = tuple(sorted(trained_on(config)))
        return cls(sha256, config.name, config.training_data, config.licence, marks)


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
        if source.synthetic and (start is None or only_synthetic(start.training_data)):
            return cls(
                notice="Trained on synthetic images only, not for clinical use.",
                training_data=data,
                licence=licence,
                intended_use="To try the program and to test it. It has learned from synthetic images only and must "
                "not be used for patients.",
            )
        return cls(RESEARCH_NOTICE, data, licence, RESEARCH_USE)


def with_head_of(config: ModelConfig, source: Source) -> ModelConfig:
    """The configuration of a bundle that was given a head taught on `source`, a data set."""
    licence = source.licence or NOT_KNOWN
    both = config.licence if licence in config.licence else f"{config.licence}; its prompted head: {licence}"
    told = replace(config, training_data=f"{config.training_data} {HEAD} {source.data}", licence=both)
    if only_synthetic(config.training_data):
        return replace(told, notice=RESEARCH_NOTICE, intended_use=RESEARCH_USE)
    return told


def with_words_of(card: str, before: ModelConfig, now: ModelConfig) -> str:
    """The model card with the words of `now` in the place of those of `before`; what it does not hold is added."""
    lacking = []
    for name, heading in SAID.items():
        old, new = f"{heading}{getattr(before, name)}", f"{heading}{getattr(now, name)}"
        if old and old in card:
            card = card.replace(old, new)
        elif old != new:
            lacking.append(f"\n{new}\n")
    return card + "".join(lacking)
