"""Model bundles as the panel shows them: what bundle.json says, and where bundles lie. Reads no weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..core import schema
from ..core.errors import InputError
from ..core.gate import check_gate
from ..core.plain_data import parse_json, plain_words
from ..results.report import ModelFacts
from .i18n import _
from .launch import LIBRARY

CONFIG_FILE = "bundle.json"
REMEDY = "get the bundle again"
STATED = ("name", "notice", "tau", "alpha", "prompt", "minimum_lesion_ml")


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
        content = plain_words(parse_json(config, f"{CONFIG_FILE} of the model bundle", REMEDY))
        stated = {"sha256": hashlib.sha256(config).hexdigest(), **{name: content[name] for name in STATED}}
        facts = schema.from_dict(ModelFacts, stated, CONFIG_FILE, REMEDY)
        check_gate(facts.tau, facts.alpha)
        return BundleInfo(folder, facts, str(content["licence"]), str(content["intended_use"]), size)
    except (KeyError, TypeError):
        raise InputError(f"{CONFIG_FILE} of the model bundle is damaged; {REMEDY}.") from None


def starter_bundle() -> Path | None:
    """The model that comes with the extension: installed beside the library, or in the source tree."""
    candidates = (LIBRARY / "Models" / "starter", LIBRARY.parent.parent / "Resources" / "Models" / "starter")
    return next((folder for folder in candidates if (folder / CONFIG_FILE).is_file()), None)
