"""Model bundles as the panel shows them: what bundle.json says, and where bundles lie. Reads no weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..results.report import ModelFacts
from .i18n import _
from .launch import LIBRARY

CONFIG_FILE = "bundle.json"


@dataclass(frozen=True)
class BundleInfo:
    """`facts.sha256` is that of bundle.json, which lists those of all other files. `size`: bytes of the folder."""

    folder: Path
    facts: ModelFacts
    licence: str
    intended_use: str
    size: int

    @property
    def description(self) -> str:
        """One paragraph for the screen."""
        return _("{name} · {size:.1f} MB · licence {licence} · SHA-256 {sha256}…").format(
            name=self.facts.name, size=self.size / 1e6, licence=self.licence, sha256=self.facts.sha256[:12]
        )


def read_bundle(folder: Path) -> BundleInfo:
    """InputError where the folder is no bundle. The worker checks the other files before it opens them."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise InputError(f"'{folder.name}' is not a model bundle: it holds no {CONFIG_FILE}; choose a bundle folder.")
    return info_from(path.read_bytes(), folder, sum(file.stat().st_size for file in folder.rglob("*")))


def info_from(config: bytes, folder: Path, size: int) -> BundleInfo:
    """From the bytes of bundle.json; InputError where they are damaged."""
    try:
        content = json.loads(config)
        facts = ModelFacts(
            name=str(content["name"]),
            sha256=hashlib.sha256(config).hexdigest(),
            notice=str(content["notice"]),
            tau=float(content["tau"]),
            alpha=float(content["alpha"]),
            prompt=str(content["prompt"]),
            minimum_lesion_ml=float(content["minimum_lesion_ml"]),
        )
        return BundleInfo(folder, facts, str(content["licence"]), str(content["intended_use"]), size)
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{CONFIG_FILE} of the model bundle is damaged; get the bundle again.") from None


def starter_bundle() -> Path | None:
    """The model that comes with the extension: installed beside the library, or in the source tree."""
    candidates = (LIBRARY / "Models" / "starter", LIBRARY.parent.parent / "Resources" / "Models" / "starter")
    return next((folder for folder in candidates if (folder / CONFIG_FILE).is_file()), None)
