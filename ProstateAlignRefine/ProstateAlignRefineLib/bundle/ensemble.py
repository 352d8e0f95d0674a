"""Several models as one: which may be joined, and what the configuration and card of the whole say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..core.errors import InputError
from .config import ModelConfig
from .opening import OpenedBundle
from .statement import only_synthetic
from .stored_text import StoredText
from .summary import identity_of

MEMBERS = "members"
"""The folder of an ensemble's further networks; and, in its metrics, what each of its members was."""
SAME = {
    "preprocessing": "preprocessing",
    "inference": "tiles or mirroring",
    "confidence": "kind of confidence",
    "prompt": "prompt",
    "text_encoder": "text encoder",
}
TEXT_TOLERANCE = 1e-4


def require_single(config: ModelConfig, what: str) -> None:
    """InputError where the model is an ensemble, of which `what` cannot be done."""
    if config.members:
        raise InputError(f"The model '{config.name}' is an ensemble, which cannot be {what}; give one of its members.")


def check_members(members: Sequence[OpenedBundle]) -> None:
    """InputError, one sentence, where their answers have no common mean: the first difference is named."""
    if len(members) < 2:
        raise InputError("An ensemble needs two bundles or more; name them.")
    for member in members:
        require_single(member.config, "a member of another")
    if len({identity_of(member.config) for member in members}) < len(members):
        raise InputError("One model is named twice, which would count it double; name each once.")
    for first, other in pairwise(members):
        if difference := _difference(first, other):
            raise InputError(
                f"The models '{first.path.name}' and '{other.path.name}' differ in their {difference}, so their "
                "answers have no common mean; give models of one configuration."
            )


def ensemble_config(members: Sequence[ModelConfig], splits: Sequence[Mapping[str, Any]]) -> ModelConfig:
    """Of checked members. Gate and smallest lesion are the members' means; no rule of findings, which was fitted to one
    of them. A notice that synthetic images alone were learned from is left out where it does not hold for all.

    `splits`: what each keeps of its split among its metrics, to say which cases it has not seen.
    """
    told = [
        {"name": member.name, "sha256": identity_of(member), **split}
        for member, split in zip(members, splits, strict=True)
    ]
    knowing = [member for member in members if not only_synthetic(member.training_data)] or members
    return replace(
        members[0],
        name=f"ensemble of {len(members)}: {_joined((member.name for member in members), ', ')}",
        tau=_mean(member.tau for member in members),
        alpha=_mean(member.alpha for member in members),
        minimum_lesion_ml=_mean(member.minimum_lesion_ml for member in members),
        notice=_joined(member.notice for member in knowing),
        training_data=_joined(member.training_data for member in members),
        licence=_joined((member.licence for member in members), "; "),
        intended_use=_joined(member.intended_use for member in knowing),
        metrics={MEMBERS: told},
        files={},
        findings=None,
        members=tuple(f"{MEMBERS}/{number}" for number in range(2, len(members) + 1)),
    )


def ensemble_card(config: ModelConfig, left_out: Sequence[str]) -> str:
    """Markdown. `left_out`: of the members, a line each."""
    rows = [f"| {one['name']} | {one['sha256'][:16]} |" for one in config.metrics[MEMBERS]]
    lacks = "".join(f"- {line}\n" for line in left_out)
    return "\n".join(
        [
            f"# {config.name}\n\n{config.notice}\n",
            f"**Intended use.** {config.intended_use}\n",
            f"**Training data.** {config.training_data}\n",
            "**Answer.** The mean of the members' margins before and after the refiner, the confidence of that mean,",
            "and the means of their similarity and shares of the gland's zones. It takes as many forwards as there are",
            f"members. Gate (tau {config.tau:.3g}, alpha {config.alpha:.3g}) and smallest lesion "
            f"({config.minimum_lesion_ml:.3g} mL)",
            "are the means of theirs. No figure of the ensemble itself was measured.\n",
            "| member | SHA-256 |\n|---|---|",
            *rows,
            f"\n**Left out of the members.**\n\n{lacks}" if lacks else "",
            f"**Licence.** {config.licence}\n",
        ]
    )


def _difference(first: OpenedBundle, other: OpenedBundle) -> str:
    """In words; empty where there is none."""
    if first.config.architecture.channels != other.config.architecture.channels:
        return "channels"
    for name, words in SAME.items():
        if getattr(first.config, name) != getattr(other.config, name):
            return words
    if first.config.architecture != other.config.architecture:
        return "architecture"
    texts = (first.text, other.text), (first.mirrored_text, other.mirrored_text)
    return "" if all(_same_text(*pair) for pair in texts) else "text embedding"


def _same_text(first: StoredText, other: StoredText) -> bool:
    if first.prompts != other.prompts or not np.array_equal(first.mask, other.mask):
        return False
    return all(
        one.shape == two.shape and np.allclose(one, two, atol=TEXT_TOLERANCE)
        for one, two in ((first.pooled, other.pooled), (first.tokens, other.tokens))
    )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _joined(words: Iterable[str], between: str = " ") -> str:
    """Each once, in their order."""
    return between.join(dict.fromkeys(word for word in words if word))
