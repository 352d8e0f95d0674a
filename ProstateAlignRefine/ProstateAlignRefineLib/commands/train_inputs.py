"""What `train` was given, looked at before torch is loaded and before a folder is made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import InputError

if TYPE_CHECKING:
    from .train import TrainOptions


def checked_configuration(options: TrainOptions) -> dict[str, Any]:
    """The configuration's entries; InputError where it, or what it needs, is not there."""
    from ..training.configuration_file import read_configuration

    if options.config is None:
        raise InputError("No configuration was named; give --config NAME, train --list shows the presets.")
    entries = read_configuration(options.config, options.changes)
    if not options.print_config:
        if not options.dry_run:
            required_output(options)
        _check_data(entries.get("data"), options.data)
        _check_files(options)
        _check_encoder(entries.get("text"), options.text)
        _check_miner(entries.get("schedule"), options)
    return entries


def required_output(options: TrainOptions) -> Path:
    """InputError where none was given, which only --list, --print and a rehearsal may do."""
    if options.output is None:
        raise InputError("No folder for the run was named; give -o DIR.")
    return options.output


def _check_data(wanted: object, dataset: Path | None) -> None:
    from ..training.configuration_file import check_dataset
    from ..training.manifest import read_manifest

    kind = wanted.get("kind") if isinstance(wanted, Mapping) else None
    check_dataset(kind, dataset)
    if dataset is None:
        return
    folds = {case.fold for case in read_manifest(dataset).cases}
    fold = wanted.get("test_fold") if isinstance(wanted, Mapping) else None
    if isinstance(fold, int) and fold not in folds:
        there = ", ".join(map(str, sorted(folds)))
        raise InputError(f"The dataset has no fold {fold}, but {there}; set data.test_fold.")


def _check_files(options: TrainOptions) -> None:
    from ..bundle.config import read_config

    if options.text and not options.text.is_file():
        raise InputError(f"The text embedding '{options.text.name}' does not exist; make it with encode-text.")
    if options.initial:
        read_config(options.initial)


def _check_encoder(wanted: object, text: Path | None) -> None:
    from ..network.hub import require_encoder

    encoder = wanted.get("encoder") if isinstance(wanted, Mapping) else None
    if text is None and isinstance(encoder, str):
        require_encoder(encoder)


def _check_miner(schedule: object, options: TrainOptions) -> None:
    from ..training.starting import require_miner

    wanted = schedule.get("mined_share", 0) if isinstance(schedule, Mapping) else 0
    if wanted and options.output is not None:
        require_miner(options.initial, options.output)


def require_free(folder: Path) -> None:
    """InputError, before hours of training, where something lies in the way of what it writes."""
    from ..core.storage.output import check_output
    from ..core.storage.signature import BUNDLE
    from ..core.storage.signed_file import require_replaceable
    from ..network.bundle import NAMES
    from ..training import test_predictions as tested
    from ..training.checkpoint import CHECKPOINT_NAME
    from ..training.completion import BUNDLE as BUNDLE_FOLDER
    from ..training.completion import TEST
    from ..training.log import CONFIG_NAME, LOG_NAME
    from ..training.starting import MINED_NAME
    from ..training.trainer import BEST, BEST_JOINT

    for name in (CHECKPOINT_NAME, LOG_NAME, CONFIG_NAME, MINED_NAME, BEST, BEST_JOINT):
        require_replaceable(folder / name)
    check_output(folder / TEST, tested.KIND, tested.NAMES)
    check_output(folder / BUNDLE_FOLDER, BUNDLE, NAMES)
