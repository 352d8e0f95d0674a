"""A bundle without its weights: what a result keeps of it, and what a screen says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..core import schema
from ..core.findings.rule import FindingRule
from ..core.lexicon import says_the_same
from ..core.spellings import english
from .config import CONFIG_FILE, ModelConfig, Preprocessing, read_config
from .engine_files import ENGINE_FILES, PROMPTED_SETTINGS

WEIGHTS_FILE, CARD_FILE = "weights.safetensors", "MODEL_CARD.md"
# What a bundle says of itself and of its figures changes no answer.
WORDS = ("name", "notice", "training_data", "licence", "intended_use", "metrics")


@dataclass(frozen=True)
class ModelFacts:
    """The bundle as a result keeps it. `sha256`: see `identity_of`. `weights_sha256`: of the weights' file alone,
    empty of an ensemble and in results of versions that did not know it. `tau`, `alpha`, `prompt`,
    `minimum_lesion_ml` are the bundle's own, and `findings`, which is None where it has no rule of findings.
    """

    name: str
    sha256: str
    notice: str
    tau: float
    alpha: float
    prompt: str
    minimum_lesion_ml: float
    weights_sha256: str = ""
    findings: FindingRule | None = None

    @property
    def weights_digest(self) -> str:
        """What DICOM objects name the weights by: their hash, in older results the bundle's."""
        return self.weights_sha256 or self.sha256

    @classmethod
    def of(cls, config: ModelConfig) -> ModelFacts:
        """What results say of a model, from its bundle's configuration."""
        return cls(
            name=config.name,
            sha256=identity_of(config),
            notice=config.notice,
            tau=config.tau,
            alpha=config.alpha,
            prompt=config.prompt,
            minimum_lesion_ml=config.minimum_lesion_ml,
            weights_sha256="" if config.members else config.files.get(WEIGHTS_FILE, ""),
            findings=config.findings,
        )


@dataclass(frozen=True)
class BundleSummary:
    """`size`: bytes of the folder, or of what an archive unpacks to. `keeps_forwards`: whether another prompt on the
    study that was last read needs no further run of the network."""

    folder: Path
    facts: ModelFacts
    licence: str
    intended_use: str
    size: int
    preprocessing: Preprocessing
    keeps_forwards: bool

    def prompt_in_force(self, prompt: str) -> str:
        """See the function of this name."""
        return _in_force(prompt, self.facts.prompt, self.keeps_forwards)

    @classmethod
    def of(cls, config: ModelConfig, folder: Path, size: int) -> BundleSummary:
        """`size`: of the folder's files, in bytes."""
        keeps_forwards = PROMPTED_SETTINGS in config.files
        facts = ModelFacts.of(config)
        return cls(folder, facts, config.licence, config.intended_use, size, config.preprocessing, keeps_forwards)


def prompt_in_force(config: ModelConfig, prompt: str | None) -> str:
    """What a result is asked: the model's own prompt where none is given, or where a line of `prompt` says the same."""
    return _in_force(prompt, config.prompt, PROMPTED_SETTINGS in config.files)


def _in_force(prompt: str | None, own: str, by_words: bool) -> str:
    """`by_words`: whether the model reads what words stand for, so that other ones can say the same."""
    if prompt is None or prompt.strip() == own or (by_words and says_the_same(prompt, own, english())):
        return own
    return prompt


def read_summary(folder: Path) -> BundleSummary:
    """InputError where the folder's bundle.json is none that the network would be built from."""
    return BundleSummary.of(
        read_config(folder), folder, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    )


def identity_of(config: ModelConfig) -> str:
    """SHA-256 of all that an answer depends on: weights, text and configuration; not of the card nor of any words."""
    kept = {name: value for name, value in schema.to_dict(config).items() if name not in WORDS}
    if config.findings is None:
        del kept["findings"]  # so that bundles without one stay what they were
    if not config.members:
        del kept["members"]
    kept["files"] = {
        name: digest
        for name, digest in config.files.items()
        # The same network in another form, also a member's.
        if PurePosixPath(name).name not in (CARD_FILE, CONFIG_FILE, *ENGINE_FILES)
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
