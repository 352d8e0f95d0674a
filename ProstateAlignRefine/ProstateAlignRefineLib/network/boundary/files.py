"""The boundary refiner's two files in a bundle: boundary.json and boundary.safetensors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...core.errors import InputError
from ..part_files import load_part, save_part
from ..prompted.head import PromptedHead
from .refiner import BoundaryRefiner
from .settings import BoundarySettings

STEM = "boundary"
SETTINGS_FILE, WEIGHTS_FILE = f"{STEM}.json", f"{STEM}.safetensors"


def save_boundary(refiner: BoundaryRefiner, folder: Path) -> None:
    """Weights and settings beside the bundle's other files."""
    save_part(refiner, refiner.settings, folder, STEM)


def load_boundary(folder: Path, listed: Collection[str], prompted: PromptedHead | None) -> BoundaryRefiner | None:
    """See `load_part`. InputError, too, where the bundle has no prompted head of its width, whose words it reads."""
    refiner = load_part(folder, listed, STEM, settings=BoundarySettings, make=BoundaryRefiner, name="boundary refiner")
    if refiner is None:
        return None
    if prompted is None or prompted.settings.width != refiner.settings.text_width:
        raise InputError(
            f"The boundary refiner of the model bundle '{folder.name}' does not fit its prompted head; get the bundle "
            "again."
        )
    return refiner
