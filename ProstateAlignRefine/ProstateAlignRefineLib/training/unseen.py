"""Which cases of a prepared dataset a model has not seen: what it may be judged on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..bundle.config import ModelConfig
from ..bundle.ensemble import MEMBERS
from ..core.errors import InputError
from ..core.storage.files import file_sha256
from .manifest import LABEL, Manifest, ManifestCase

METRIC = "split"
"""Under this name a bundle keeps its split among its metrics."""


@dataclass(frozen=True)
class TrainedSplit:
    """The split that a model was trained on, and the fold that it never saw."""

    sha256: str
    test_fold: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a bundle's metrics."""
        return asdict(self)


def splits_of(config: ModelConfig) -> tuple[TrainedSplit, ...]:
    """Those of an ensemble's members; of any other bundle its own. None of a bundle that was not trained on a prepared
    dataset, or is older than this record."""
    members = config.metrics.get(MEMBERS) if config.members else [config.metrics]
    kept = (_split_in(one) for one in members if isinstance(one, dict)) if isinstance(members, list) else ()
    return tuple(split for split in kept if split is not None)


def _split_in(metrics: Mapping[str, Any]) -> TrainedSplit | None:
    kept = metrics.get(METRIC)
    if not isinstance(kept, dict):
        return None
    sha256, fold = kept.get("sha256"), kept.get("test_fold")
    return TrainedSplit(sha256, fold) if isinstance(sha256, str) and isinstance(fold, int) else None


def unseen_fold(manifest: Manifest, fold: int | None, config: ModelConfig, with_training: bool) -> int:
    """`fold`, or where it is None the model's test fold. InputError where it holds cases the model was trained on,
    unless `with_training`, or where nothing says which it was not."""
    folds = sorted({split.test_fold for split in splits_of(config) if split.sha256 == manifest.split_sha256})
    if len(folds) > 1 and not (fold is not None and with_training):
        raise InputError(
            f"The members of '{config.name}' were tested on different folds ({', '.join(map(str, folds))}), so every "
            "case is a training case of one of them; judge the members, or name a fold and say --with-training-cases."
        )
    if fold is None:
        if not folds:
            raise InputError(
                f"The model '{config.name}' was not trained on this split of cases, so it has no test share of it; "
                "name the fold with --fold."
            )
        return folds[0]
    if folds and fold not in folds and not with_training:
        raise InputError(
            f"Fold {fold} holds cases that the model '{config.name}' was trained on; only fold {folds[0]} is "
            "new to it. Take --share test, or say --with-training-cases."
        )
    return fold


def cases_of_fold(manifest: Manifest, fold: int | None) -> tuple[ManifestCase, ...]:
    """All cases where it is None; InputError where the fold has none."""
    found = tuple(case for case in manifest.cases if fold is None or case.fold == fold)
    if not found:
        folds = ", ".join(map(str, sorted({case.fold for case in manifest.cases})))
        raise InputError(f"The dataset has no fold {fold}, but {folds}; name one of them.")
    return found


def check_unchanged(manifest: Manifest, cases: Sequence[ManifestCase], names: Sequence[str] = (LABEL,)) -> None:
    """InputError where files are no longer what they were when the dataset was prepared."""
    for case in cases:
        for name in names:
            path = manifest.path(case, name)
            if not path.is_file() or file_sha256(path) != case.sha256[name]:
                raise InputError(
                    f"Case {case.name}: {name} is missing or has changed since the dataset was prepared; "
                    "prepare it again."
                )
