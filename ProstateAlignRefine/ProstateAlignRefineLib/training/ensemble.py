"""An ensemble as a bundle: its members' weights in one folder, under one configuration and card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..bundle.config import CONFIG_FILE, ModelConfig
from ..bundle.engine_files import BOUNDARY_SETTINGS, ENGINE_FILES, NETWORK, PROMPTED_SETTINGS, REFINER
from ..bundle.ensemble import MEMBERS, check_members, ensemble_card, ensemble_config
from ..bundle.opening import MIRRORED_TEXT_FILE, TEXT_FILE, OpenedBundle, open_bundle
from ..bundle.summary import CARD_FILE, WEIGHTS_FILE
from ..core.storage.files import file_sha256
from ..core.storage.output import require_apart, writing_folder
from ..core.storage.signature import BUNDLE
from .taught_parts import without_refiner
from .unseen import METRIC, TRAINED_ON

TEXTS = (TEXT_FILE, MIRRORED_TEXT_FILE)
NAMES = (CONFIG_FILE, CARD_FILE, WEIGHTS_FILE, *TEXTS, *ENGINE_FILES, MEMBERS)
GRAPHS = (NETWORK, REFINER)
KEPT = (METRIC, TRAINED_ON)


@dataclass(frozen=True)
class Ensemble:
    """`left_out`: what the members had and the whole has not, a line each."""

    config: ModelConfig
    left_out: tuple[str, ...]


def write_ensemble(paths: Sequence[Path], output: Path) -> Ensemble:
    """The bundle `output`, whole or not at all: the first member's files, each other's weights in a sub-folder.

    InputError where a member cannot be read, where the members' answers have no common mean, or where `output` holds
    anything but an earlier bundle.
    """
    require_apart(output, paths)
    opened = [open_bundle(path) for path in paths]
    check_members(opened)
    graphs = GRAPHS if all(set(GRAPHS) <= set(member.config.files) for member in opened) else ()
    left_out = tuple(line for member in opened for line in _left_out(member, bool(graphs)))
    configs = [_plain(member.config) for member in opened]
    splits = [{name: config.metrics[name] for name in KEPT if name in config.metrics} for config in configs]
    config = ensemble_config(configs, splits)
    with writing_folder(output, BUNDLE, NAMES) as draft:
        for folder, member in zip(("", *config.members), opened, strict=True):
            (draft.folder / folder).mkdir(parents=True, exist_ok=True)
            texts = () if folder else [name for name in TEXTS if name in member.config.files]
            for name in (WEIGHTS_FILE, *graphs, *texts):
                shutil.copyfile(member.path / name, draft.folder / folder / name)
        (draft.folder / CARD_FILE).write_text(ensemble_card(config, left_out), encoding="utf-8")
        files = sorted(path for path in draft.folder.rglob("*") if path.is_file())
        hashes = {path.relative_to(draft.folder).as_posix(): file_sha256(path) for path in files}
        config = replace(config, files=hashes)
        text = json.dumps(config.to_dict(), indent=2, allow_nan=False)
        (draft.folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")
    return Ensemble(config, left_out)


def _plain(config: ModelConfig) -> ModelConfig:
    """At the gate of the network's own refiner, which is what the ensemble uses."""
    return without_refiner(config) if BOUNDARY_SETTINGS in config.files else config


def _left_out(member: OpenedBundle, graphs: bool) -> list[str]:
    name, files = f"'{member.path.name}'", member.config.files
    parts = {
        f"{name}: its prompted head; the ensemble knows its own prompt, and others by the text encoder": (
            PROMPTED_SETTINGS in files
        ),
        f"{name}: its refiner of outlines; the network's own edits, at its own gate": BOUNDARY_SETTINGS in files,
        f"{name}: its rule of findings; teach-findings fits one to the ensemble": member.config.findings is not None,
        f"{name}: its files for computing without torch, which not every member has (export-engine adds them)": (
            not graphs and NETWORK in files
        ),
    }
    return [line for line, has in parts.items() if has]
