"""A bundle as the engine without torch loads it: its ONNX graphs as sessions of ONNX Runtime, which only computes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ...bundle.config import ModelConfig
from ...bundle.engine_files import BOUNDARY_SETTINGS, PROMPTED_SETTINGS, needed_engine_files
from ...bundle.opening import open_bundle
from ...bundle.stored_text import StoredText
from ...bundle.summary import identity_of
from ...core import schema
from ...core.errors import InputError
from ...network.boundary.settings import BoundarySettings
from ...network.prompted.settings import PromptedSettings
from .session import cpu_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS = ".safetensors"
Settings = TypeVar("Settings")


@dataclass(frozen=True)
class ExportedPart(Generic[Settings]):
    """What is read of a part whose weights an exported graph holds."""

    settings: Settings


@dataclass(frozen=True, eq=False)
class ExportedBundle:
    """As `network.bundle.Bundle`, its networks as `sessions` by the graph's file name; `members`: those of an
    ensemble's further networks."""

    config: ModelConfig
    text: StoredText
    mirrored_text: StoredText
    path: Path
    sha256: str
    sessions: Mapping[str, InferenceSession]
    prompted: ExportedPart[PromptedSettings] | None = None
    prompts: tuple[str, ...] = ()
    boundary: ExportedPart[BoundarySettings] | None = None
    members: tuple[Mapping[str, InferenceSession], ...] = ()


def load_exported(path: Path) -> ExportedBundle:
    """The model in the folder `path`, verified as `open_bundle` does, which must list its engine files.

    InputError, one sentence, also for graphs that cannot be read and weights that are no numbers.
    """
    opened = open_bundle(path)
    files = opened.config.files
    _check_finite(path, files)
    sessions, *members = (
        {name: _session(path / folder / name) for name in needed_engine_files(files)}
        for folder in ("", *opened.config.members)
    )
    return ExportedBundle(
        opened.config,
        opened.text,
        opened.mirrored_text,
        path,
        identity_of(opened.config),
        sessions,
        _part(path, files, PROMPTED_SETTINGS, PromptedSettings),
        boundary=_part(path, files, BOUNDARY_SETTINGS, BoundarySettings),
        members=tuple(members),
    )


def _session(graph: Path) -> InferenceSession:
    try:
        return cpu_session(str(graph))
    except ImportError:
        raise
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise InputError(
            f"{graph.name} of the model bundle '{graph.parent.name}' cannot be read; get the bundle again, or run "
            "export-engine on it."
        ) from error


def _part(path: Path, listed: Mapping[str, str], name: str, settings: type[Settings]) -> ExportedPart[Settings] | None:
    if name not in listed:
        return None
    try:
        data = json.loads((path / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{name} of the model bundle '{path.name}' cannot be read; get the bundle again.") from error
    return ExportedPart(schema.from_dict(settings, data, name))


def _check_finite(path: Path, listed: Mapping[str, str]) -> None:
    for name in (name for name in listed if name.endswith(WEIGHTS)):
        try:
            weights = load_file(path / name)
        except SafetensorError as error:
            raise InputError(f"{name} is not a valid safetensors file; get the model bundle again.") from error
        if not all(bool(np.isfinite(values).all()) for values in weights.values()):
            raise InputError(f"{name} holds weights that are not numbers (NaN or infinite); get the model again.")
