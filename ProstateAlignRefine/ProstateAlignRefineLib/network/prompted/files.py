"""The prompted head's two files in a bundle: prompted.json and prompted.safetensors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..part_files import load_part, save_part
from .head import PromptedHead
from .settings import PromptedSettings

STEM = "prompted"
SETTINGS_FILE, WEIGHTS_FILE = f"{STEM}.json", f"{STEM}.safetensors"


def save_prompted(head: PromptedHead, folder: Path) -> None:
    """Weights and settings beside the bundle's other files."""
    save_part(head, head.settings, folder, STEM)


def load_prompted(folder: Path, listed: Collection[str]) -> PromptedHead | None:
    """See `load_part`."""
    return load_part(folder, listed, STEM, settings=PromptedSettings, make=PromptedHead, name="prompted head")
