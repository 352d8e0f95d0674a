"""Which cases of a prepared dataset a model has not seen: what it may be judged on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..bundle.config import ModelConfig
from ..bundle.ensemble import MEMBERS
from ..core.cautions import TRAINING_CASE
from ..core.errors import InputError
from ..core.storage.files import file_sha256
from ..core.study import Study
from .manifest import LABEL, T2W, Manifest, ManifestCase

METRIC = "split"
"""Under this name a bundle keeps its split among its metrics."""
TRAINED_ON = "trained_on"
"""And under this one the marks of the studies that it learned or was chosen by, in one text."""
MARK_DIGITS = 16


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
    kept = (_split_in(one) for one in _parts(config))
    return tuple(split for split in kept if split is not None)


def marks_of(cases: Iterable[ManifestCase]) -> frozenset[str]:
    """What tells the studies again, on whatever split: of each the first digits of its T2W file's SHA-256, from which
    neither name nor patient can be told."""
    return frozenset(case.sha256[T2W][:MARK_DIGITS] for case in cases)


def trained_on(config: ModelConfig) -> frozenset[str]:
    """The marks of all studies that the model, or a member of the ensemble, was trained on or chosen by."""
    kept = (one.get(TRAINED_ON) for one in _parts(config))
    return frozenset(mark for marks in kept if isinstance(marks, str) for mark in marks.split())


def with_trained_on(config: ModelConfig, marks: Iterable[str]) -> ModelConfig:
    """Of a bundle that has learned from further studies."""
    whole = trained_on(config) | set(marks)
    return replace(config, metrics={**config.metrics, TRAINED_ON: " ".join(sorted(whole))}) if whole else config


def with_training_caution(study: Study, t2w: Path | None, config: ModelConfig) -> Study:
    """The study with a caution where the model was trained on it. `t2w`: its file, None where it is none."""
    marks = trained_on(config)
    if t2w is None or not marks or file_sha256(t2w)[:MARK_DIGITS] not in marks:
        return study
    return replace(study, cautions=(*study.cautions, TRAINING_CASE))


def unseen_cases(
    manifest: Manifest, fold: int | None, config: ModelConfig, with_training: bool
) -> tuple[ManifestCase, ...]:
    """The cases of `fold`, or where it is None of the model's test fold. InputError where the fold has none or, unless
    `with_training`, where it holds patients that the model was trained on, or nothing says which it was not."""
    folds = _tested_folds(manifest, config)
    if len(folds) > 1 and not (fold is not None and with_training):
        raise InputError(
            f"The members of '{config.name}' were tested on different folds ({', '.join(map(str, folds))}), so every "
            "case is a training case of one of them; judge the members, or name a fold and say --with-training-cases."
        )
    if fold is None and not folds:
        raise InputError(
            f"The model '{config.name}' was not trained on this split of cases, so it has no test share of it; "
            "name the fold with --fold."
        )
    chosen = folds[0] if fold is None else fold
    cases = cases_of_fold(manifest, chosen)
    if not with_training:
        _require_unseen(manifest, cases, chosen, folds, config)
    return cases


def fold_to_keep(manifest: Manifest, fold: int | None, config: ModelConfig) -> int:
    """The fold that a part taught to the model must not see: its test fold, where it has one of this split.

    InputError where `fold` is another, or nothing says which.
    """
    folds = _tested_folds(manifest, config)
    if fold is None and not folds:
        raise InputError(
            f"The model '{config.name}' was not trained on this split of cases; name the fold to keep out with --fold."
        )
    if fold is not None and folds and fold not in folds:
        raise InputError(
            f"The model '{config.name}' was tested on fold {folds[0]}, so that no case would be left that all of it "
            f"has not seen if fold {fold} were kept out; leave out --fold."
        )
    return folds[0] if fold is None else fold


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


def _tested_folds(manifest: Manifest, config: ModelConfig) -> list[int]:
    """Of the manifest's split: the model's own, or those of an ensemble's members."""
    return sorted({split.test_fold for split in splits_of(config) if split.sha256 == manifest.split_sha256})


def _require_unseen(
    manifest: Manifest, cases: Sequence[ManifestCase], fold: int, folds: Sequence[int], config: ModelConfig
) -> None:
    if folds and fold not in folds:
        raise InputError(
            f"Fold {fold} holds cases that the model '{config.name}' was trained on; only fold {folds[0]} is "
            "new to it. Take --share test, or say --with-training-cases."
        )
    marks = trained_on(config)
    known = {case.patient for case in manifest.cases if marks_of([case]) <= marks}
    seen = sum(case.patient in known for case in cases)
    if seen:
        raise InputError(
            f"{seen} of the {len(cases)} cases of fold {fold} are of patients that the model '{config.name}' was "
            "trained on; name a fold that is new to it (a dataset prepared anew: the folds of before, with prepare "
            "--splits), or say --with-training-cases."
        )


def _parts(config: ModelConfig) -> Iterator[Mapping[str, Any]]:
    """The metrics of an ensemble's members; of any other bundle its own."""
    members = config.metrics.get(MEMBERS) if config.members else [config.metrics]
    return (one for one in members if isinstance(one, dict)) if isinstance(members, list) else iter(())


def _split_in(metrics: Mapping[str, Any]) -> TrainedSplit | None:
    kept = metrics.get(METRIC)
    if not isinstance(kept, dict):
        return None
    sha256, fold = kept.get("sha256"), kept.get("test_fold")
    return TrainedSplit(sha256, fold) if isinstance(sha256, str) and isinstance(fold, int) else None
